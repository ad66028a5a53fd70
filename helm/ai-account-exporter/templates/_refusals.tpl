{{/* Checks that the schema cannot express. Each template returns one line per problem, and all problems are reported together. */}}

{{- define "exporter.refuse" -}}
{{- $parts := list (include "exporter.refuse.secrets" .) (include "exporter.refuse.files" .) (include "exporter.refuse.conflicts" .) -}}
{{- $problems := join "\n" $parts | splitList "\n" | compact -}}
{{- if $problems -}}
{{- fail (printf "invalid values:\n  - %s" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "exporter.refuse.secrets" -}}
{{- $remedy := "a ConfigMap must not contain a secret: store it in a Secret, name that Secret in `credentials`, and use `file:` here" }}
{{- $blocks := dict "config.defaults" .Values.config.defaults "config.push.otlp" (.Values.config.push).otlp }}
{{- range $index, $account := .Values.config.accounts }}
{{- $_ := set $blocks (printf "config.accounts.%d" $index) $account }}
{{- range $name, $source := $account.credentials }}
{{- if hasKey $source "value" }}
config.accounts.{{ $index }}.credentials.{{ $name }}.value: {{ $remedy }}
{{- end }}
{{- end }}
{{- end }}
{{- range $place, $block := $blocks }}
{{- if contains "@" (default "" ($block).proxy_url) }}
{{ $place }}.proxy_url: a ConfigMap must not contain a password: set HTTPS_PROXY from a Secret in `extraEnv`, and use `proxy_from_environment: true` here
{{- end }}
{{- end }}
{{- if hasKey .Values.webConfig.settings "basic_auth_users" }}
webConfig.settings.basic_auth_users: a ConfigMap must not contain password hashes: store the whole file in a Secret, and name that Secret in `webConfig.existingSecret`
{{- end }}
{{- if hasKey .Values.webConfig.settings "tls_server_config" }}
webConfig.settings.tls_server_config: use `webConfig.tls`, or store the whole file in a Secret, and name that Secret in `webConfig.existingSecret`
{{- end }}
{{- end -}}

{{- define "exporter.refuse.files" -}}
{{- $folder := printf "%s/" (include "exporter.secrets" .) -}}
{{- $names := list -}}
{{- range $index, $credential := .Values.credentials }}
{{- if has $credential.name $names }}
credentials.{{ $index }}.name: {{ $credential.name }} is used twice
{{- end }}
{{- $names = append $names $credential.name }}
{{- end }}
{{- $mountsOwn := false -}}
{{- range .Values.extraVolumeMounts }}
{{- $mount := printf "%s/" (trimSuffix "/" (default "" .mountPath)) }}
{{- if or (hasPrefix $folder $mount) (hasPrefix $mount $folder) }}{{ $mountsOwn = true }}{{ end }}
{{- end }}
{{- if not $mountsOwn }}
{{- range $index, $account := .Values.config.accounts }}
{{- range $name, $source := $account.credentials }}
{{- if hasPrefix $folder (default "" ($source.oauth2).refresh_token_file) }}
config.accounts.{{ $index }}.credentials.{{ $name }}.oauth2.refresh_token_file: the exporter replaces this file, and a Secret is read-only: use a file in {{ include "exporter.stateDirectory" $ }}
{{- end }}
{{- end }}
{{- end }}
{{- range $place, $file := include "exporter.secretFiles" . | fromYaml }}
{{- if and (hasPrefix $folder $file) (not (has (trimPrefix $folder $file) $names)) }}
{{ $place }}: no entry of `credentials` has the name {{ trimPrefix $folder $file }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* The files of secrets in the configuration, by their places. */ -}}
{{- define "exporter.secretFiles" -}}
{{- range $index, $account := .Values.config.accounts }}
{{- range $name, $source := $account.credentials }}
{{ dict (printf "config.accounts.%d.credentials.%s.file" $index $name) (default "" $source.file) | toYaml }}
{{- end }}
{{- end }}
{{- range $name, $source := ((.Values.config.push).otlp).headers }}
{{ dict (printf "config.push.otlp.headers.%s.file" $name) (default "" $source.file) | toYaml }}
{{- end }}
{{- end -}}

{{- define "exporter.refuse.conflicts" -}}
{{- $sources := list -}}
{{- if .Values.demo }}{{ $sources = append $sources "demo" }}{{ end }}
{{- if .Values.existingConfigMap.name }}{{ $sources = append $sources "existingConfigMap" }}{{ end }}
{{- if .Values.existingConfigSecret.name }}{{ $sources = append $sources "existingConfigSecret" }}{{ end }}
{{- if or .Values.config.accounts .Values.config.account_files }}{{ $sources = append $sources "config.accounts" }}{{ end }}
{{- if gt (len $sources) 1 }}
set only one of {{ join ", " $sources }}
{{- end }}
{{- if and .Values.providerDefinitions (not (include "exporter.rendersConfig" .)) }}
providerDefinitions: requires `config`
{{- end }}
{{- if and .Values.webConfig.clientCA.existingSecret (not .Values.webConfig.tls.existingSecret) (not .Values.webConfig.existingSecret.name) }}
webConfig.clientCA: requires `webConfig.tls`
{{- end }}
{{- if and .Values.webConfig.scheme (not .Values.webConfig.existingSecret.name) }}
webConfig.scheme: requires `webConfig.existingSecret`
{{- end }}
{{- if and .Values.webConfig.existingSecret.name .Values.webConfig.settings }}
webConfig.settings: has no effect with `webConfig.existingSecret`; move the settings to the file in that Secret
{{- end }}
{{- if and .Values.sharding.enabled .Values.persistence.enabled .Values.persistence.existingClaim }}
persistence.existingClaim: shards cannot share one claim
{{- end }}
{{- if and .Values.sharding.enabled (ne .Values.service.type "ClusterIP") }}
service.type: `sharding` requires ClusterIP, because Prometheus scrapes each pod
{{- end }}
{{- if and .Values.demo (or .Values.sharding.enabled (include "exporter.hasWebConfig" .) (ne .Values.telemetryPath "/metrics")) }}
demo: cannot be combined with `sharding`, `webConfig` or `telemetryPath`
{{- end }}
{{- if not (regexMatch "^[a-z]" (include "exporter.fullname" .)) }}
fullnameOverride: is required for this release, because the name of a service starts with a letter
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
ingress.hosts: expected one or more
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.parentRefs: expected one or more
{{- end }}
{{- if and .Values.sharding.enabled (or .Values.ingress.enabled .Values.httpRoute.enabled) }}
ingress.enabled, httpRoute.enabled: cannot be combined with `sharding`: the page of a shard shows only its own accounts
{{- end }}
{{- if and .Values.webConfig.clientCA.existingSecret (or .Values.ingress.enabled .Values.httpRoute.enabled) }}
ingress.enabled, httpRoute.enabled: cannot be combined with `webConfig.clientCA`: a browser cannot send its certificate through the controller
{{- end }}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled }}
podMonitor.enabled: cannot be combined with `serviceMonitor.enabled`: every series would be scraped twice
{{- end }}
{{- end -}}

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
{{- range $index, $account := .Values.config.accounts }}
{{- range $name, $source := $account.credentials }}
{{- if hasKey $source "value" }}
config.accounts.{{ $index }}.credentials.{{ $name }}.value: {{ $remedy }}
{{- end }}
{{- end }}
{{- if contains "@" (default "" $account.proxy_url) }}
config.accounts.{{ $index }}.proxy_url: a ConfigMap must not contain a password: set HTTPS_PROXY from a Secret in `extraEnv`, and use `proxy_from_environment: true` here
{{- end }}
{{- end }}
{{- if contains "@" (default "" (.Values.config.defaults).proxy_url) }}
config.defaults.proxy_url: a ConfigMap must not contain a password: set HTTPS_PROXY from a Secret in `extraEnv`, and use `proxy_from_environment: true` here
{{- end }}
{{- if hasKey .Values.webConfig.settings "basic_auth_users" }}
webConfig.settings.basic_auth_users: a ConfigMap must not contain password hashes: store the whole file in a Secret, and name that Secret in `webConfig.existingSecret`
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
{{- range .Values.extraVolumeMounts }}{{ if hasPrefix (trimSuffix "/" $folder) (default "" .mountPath) }}{{ $mountsOwn = true }}{{ end }}{{ end }}
{{- range $index, $account := .Values.config.accounts }}
{{- range $name, $source := $account.credentials }}
{{- $file := default "" $source.file }}
{{- if and (hasPrefix $folder $file) (not (has (trimPrefix $folder $file) $names)) (not $mountsOwn) }}
config.accounts.{{ $index }}.credentials.{{ $name }}.file: no entry of `credentials` has the name {{ trimPrefix $folder $file }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "exporter.refuse.conflicts" -}}
{{- $sources := list -}}
{{- if .Values.demo }}{{ $sources = append $sources "demo" }}{{ end }}
{{- if .Values.existingConfigMap.name }}{{ $sources = append $sources "existingConfigMap" }}{{ end }}
{{- if .Values.existingConfigSecret.name }}{{ $sources = append $sources "existingConfigSecret" }}{{ end }}
{{- if .Values.config.accounts }}{{ $sources = append $sources "config.accounts" }}{{ end }}
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
{{- if and .Values.demo (or .Values.sharding.enabled (include "exporter.hasWebConfig" .)) }}
demo: cannot be combined with `sharding` or `webConfig`
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

{{/* What the schema cannot say: all that is wrong comes out at once. Each of these adds lines, or none. */}}

{{- define "exporter.refuse" -}}
{{- $parts := list (include "exporter.refuse.secrets" .) (include "exporter.refuse.files" .) (include "exporter.refuse.contradictions" .) -}}
{{- $problems := join "\n" $parts | splitList "\n" | compact -}}
{{- if $problems -}}
{{- fail (printf "these values cannot be used:\n  - %s" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "exporter.refuse.secrets" -}}
{{- $remedy := "a ConfigMap is no place for a secret: put it into a Secret, name that in `credentials`, and write `file:` here" }}
{{- range $index, $account := .Values.config.accounts }}
{{- range $name, $source := $account.credentials }}
{{- if hasKey $source "value" }}
config.accounts.{{ $index }}.credentials.{{ $name }}.value: {{ $remedy }}
{{- end }}
{{- end }}
{{- if contains "@" (default "" $account.proxy_url) }}
config.accounts.{{ $index }}.proxy_url: a ConfigMap is no place for a password: set HTTPS_PROXY from a Secret in `extraEnv`, and `proxy_from_environment: true` here
{{- end }}
{{- end }}
{{- if contains "@" (default "" (.Values.config.defaults).proxy_url) }}
config.defaults.proxy_url: a ConfigMap is no place for a password: set HTTPS_PROXY from a Secret in `extraEnv`, and `proxy_from_environment: true` here
{{- end }}
{{- if hasKey .Values.webConfig.settings "basic_auth_users" }}
webConfig.settings.basic_auth_users: a ConfigMap is no place for passwords, hashed or not: put the whole file into a Secret and name it in `webConfig.existingSecret`
{{- end }}
{{- end -}}

{{- define "exporter.refuse.files" -}}
{{- $folder := printf "%s/" (include "exporter.secrets" .) -}}
{{- $names := list -}}
{{- range $index, $credential := .Values.credentials }}
{{- if has $credential.name $names }}
credentials.{{ $index }}.name: {{ $credential.name }} is there twice
{{- end }}
{{- $names = append $names $credential.name }}
{{- end }}
{{- $mountsOwn := false -}}
{{- range .Values.extraVolumeMounts }}{{ if hasPrefix (trimSuffix "/" $folder) (default "" .mountPath) }}{{ $mountsOwn = true }}{{ end }}{{ end }}
{{- range $index, $account := .Values.config.accounts }}
{{- range $name, $source := $account.credentials }}
{{- $file := default "" $source.file }}
{{- if and (hasPrefix $folder $file) (not (has (trimPrefix $folder $file) $names)) (not $mountsOwn) }}
config.accounts.{{ $index }}.credentials.{{ $name }}.file: no entry of `credentials` is named {{ trimPrefix $folder $file }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "exporter.refuse.contradictions" -}}
{{- $sources := list -}}
{{- if .Values.demo }}{{ $sources = append $sources "demo" }}{{ end }}
{{- if .Values.existingConfigMap.name }}{{ $sources = append $sources "existingConfigMap" }}{{ end }}
{{- if .Values.existingConfigSecret.name }}{{ $sources = append $sources "existingConfigSecret" }}{{ end }}
{{- if .Values.config.accounts }}{{ $sources = append $sources "config.accounts" }}{{ end }}
{{- if gt (len $sources) 1 }}
expected one of {{ join ", " $sources }}
{{- end }}
{{- if and .Values.providerDefinitions (not (include "exporter.ownsConfig" .)) }}
providerDefinitions: goes with `config` only
{{- end }}
{{- if and .Values.webConfig.clientCA.existingSecret (not .Values.webConfig.tls.existingSecret) (not .Values.webConfig.existingSecret.name) }}
webConfig.clientCA: needs `webConfig.tls`
{{- end }}
{{- if and .Values.webConfig.scheme (not .Values.webConfig.existingSecret.name) }}
webConfig.scheme: goes with `webConfig.existingSecret` only
{{- end }}
{{- if and .Values.webConfig.existingSecret.name .Values.webConfig.settings }}
webConfig.settings: goes with a file that the chart writes; put them into the file of `webConfig.existingSecret`
{{- end }}
{{- if and .Values.sharding.enabled .Values.persistence.enabled .Values.persistence.existingClaim }}
persistence.existingClaim: shards cannot share a claim
{{- end }}
{{- if and .Values.sharding.enabled (ne .Values.service.type "ClusterIP") }}
service.type: shards need ClusterIP, as each pod is scraped
{{- end }}
{{- if and .Values.demo (or .Values.sharding.enabled (include "exporter.hasWebConfig" .)) }}
demo: goes without `sharding` and `webConfig`
{{- end }}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled }}
podMonitor.enabled: with `serviceMonitor.enabled` everything would be scraped twice
{{- end }}
{{- end -}}

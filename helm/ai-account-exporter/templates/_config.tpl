{{/* The exporter's files: its configuration, its web configuration, and what may not stand in them. */}}

{{- define "exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not $config.state -}}
{{- $_ := set $config "state" (dict "path" (printf "%s/state.db" (include "exporter.accounts.persistence" .))) -}}
{{- end -}}
{{- if and .Values.providerDefinitions (not $config.provider_files) -}}
{{- $_ := set $config "provider_files" (list "provider-*.yaml") -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "exporter.hasWebConfig" -}}
{{- if or .Values.webConfig.existingSecret.name .Values.webConfig.tls.existingSecret .Values.webConfig.settings -}}true{{- end -}}
{{- end -}}

{{- define "exporter.ownsWebConfig" -}}
{{- if and (include "exporter.hasWebConfig" .) (not .Values.webConfig.existingSecret.name) -}}true{{- end -}}
{{- end -}}

{{- define "exporter.webConfig" -}}
{{- $file := deepCopy .Values.webConfig.settings -}}
{{- if .Values.webConfig.tls.existingSecret -}}
{{- $tls := dict "cert_file" "tls.crt" "key_file" "tls.key" "min_version" .Values.webConfig.tls.minVersion -}}
{{- if .Values.webConfig.clientCA.existingSecret -}}
{{- $_ := set $tls "client_ca_file" "clients.crt" -}}
{{- $_ := set $tls "client_auth_type" "RequireAndVerifyClientCert" -}}
{{- end -}}
{{- $_ := set $file "tls_server_config" $tls -}}
{{- end -}}
{{- toYaml $file -}}
{{- end -}}

{{- define "exporter.scheme" -}}
{{- default (ternary "https" "http" (ne .Values.webConfig.tls.existingSecret "")) .Values.webConfig.scheme -}}
{{- end -}}

{{- /* Whether who asks must show a password or a certificate; of a file that is not the chart's own this is not known, so it is taken for so. */ -}}
{{- define "exporter.asksWho" -}}
{{- if or .Values.webConfig.existingSecret.name .Values.webConfig.clientCA.existingSecret -}}true{{- end -}}
{{- end -}}

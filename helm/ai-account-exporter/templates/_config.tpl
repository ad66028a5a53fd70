{{/* The configuration file and the web configuration file. */}}

{{- define "exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not $config.state -}}
{{- $_ := set $config "state" (dict "path" (printf "%s/state.db" (include "exporter.stateDirectory" .))) -}}
{{- end -}}
{{- if and .Values.providerDefinitions (not $config.provider_files) -}}
{{- $_ := set $config "provider_files" (list "provider-*.yaml") -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "exporter.hasWebConfig" -}}
{{- if or .Values.webConfig.existingSecret.name .Values.webConfig.tls.existingSecret .Values.webConfig.settings -}}true{{- end -}}
{{- end -}}

{{- define "exporter.rendersWebConfig" -}}
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

{{- /* Whether requests need a password or a client certificate. The chart cannot read an existing file, so it assumes that they do. */ -}}
{{- define "exporter.requiresAuthentication" -}}
{{- if or .Values.webConfig.existingSecret.name .Values.webConfig.clientCA.existingSecret -}}true{{- end -}}
{{- end -}}

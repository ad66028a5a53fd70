{{/* Volumes and mounts. Directories are mounted rather than single files, because a mounted file does not follow a change. */}}

{{- define "exporter.volumeMounts" -}}
{{- if not .Values.demo }}
- {name: config, mountPath: /etc/ai-account-exporter, readOnly: true}
{{- end }}
{{- if .Values.credentials }}
- {name: credentials, mountPath: {{ include "exporter.secrets" . }}, readOnly: true}
{{- end }}
{{- if include "exporter.hasWebConfig" . }}
- {name: web-config, mountPath: /etc/ai-account-exporter-web, readOnly: true}
{{- end }}
- {name: state, mountPath: {{ include "exporter.stateDirectory" . }}}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "exporter.volumes" -}}
{{- include "exporter.configVolume" . }}
{{- if .Values.credentials }}
- name: credentials
  projected:
    {{- /* The files belong to root. `fsGroup` makes them readable for the exporter's group. */}}
    defaultMode: 0440
    sources:
      {{- range .Values.credentials }}
      - secret:
          name: {{ .existingSecret | quote }}
          items: [{key: {{ .key | quote }}, path: {{ .name | quote }}}]
      {{- end }}
{{- end }}
{{- if include "exporter.hasWebConfig" . }}
- name: web-config
  projected:
    defaultMode: 0440
    sources:
      {{- include "exporter.webSources" . | trim | nindent 6 }}
{{- end }}
{{- if not .Values.persistence.enabled }}
- {name: state, emptyDir: {}}
{{- else if not .Values.sharding.enabled }}
- name: state
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-state" (include "exporter.fullname" .)) .Values.persistence.existingClaim | quote }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "exporter.configVolume" -}}
{{- if .Values.existingConfigSecret.name }}
- name: config
  secret:
    secretName: {{ .Values.existingConfigSecret.name | quote }}
    defaultMode: 0440
    items: [{key: {{ .Values.existingConfigSecret.key | quote }}, path: config.yaml}]
{{- else if .Values.existingConfigMap.name }}
- name: config
  configMap:
    name: {{ .Values.existingConfigMap.name | quote }}
    items: [{key: {{ .Values.existingConfigMap.key | quote }}, path: config.yaml}]
{{- else if not .Values.demo }}
- name: config
  configMap:
    name: {{ include "exporter.fullname" . | quote }}
{{- end }}
{{- end -}}

{{- define "exporter.webSources" -}}
{{- with .Values.webConfig -}}
{{- if .existingSecret.name }}
- secret:
    name: {{ .existingSecret.name | quote }}
    items: [{key: {{ .existingSecret.key | quote }}, path: web.yaml}]
{{- else }}
- configMap:
    name: {{ include "exporter.fullname" $ }}-web
    items: [{key: web.yaml, path: web.yaml}]
{{- end }}
{{- with .tls.existingSecret }}
- secret:
    name: {{ . | quote }}
    items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]
{{- end }}
{{- with .clientCA.existingSecret }}
- secret:
    name: {{ . | quote }}
    items: [{key: {{ $.Values.webConfig.clientCA.key | quote }}, path: clients.crt}]
{{- end }}
{{- end -}}
{{- end -}}

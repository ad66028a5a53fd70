{{/* Names, labels, and values that depend on several others. */}}

{{- define "exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- /* 50 characters leave room for suffixes, and for the labels that a StatefulSet adds. The name of a release may contain dots, that of a service
must not. */ -}}
{{- define "exporter.fullname" -}}
{{- $name := include "exporter.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- regexReplaceAll "-+$" (default $full .Values.fullnameOverride | replace "." "-" | trunc 50) "" -}}
{{- end -}}

{{- define "exporter.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- /* Without the version: a selector is immutable. */ -}}
{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: exporter
{{- end -}}

{{- /* Argument: a list of the root context and maps of additional labels. The chart's own labels take precedence, so that selectors match. */ -}}
{{- define "exporter.labels" -}}
{{- $root := first . -}}
{{- $labels := deepCopy $root.Values.commonLabels -}}
{{- range rest . -}}{{- $labels = mergeOverwrite $labels (deepCopy .) -}}{{- end -}}
{{- $own := include "exporter.selectorLabels" $root | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" ($root.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "ai-account-exporter" -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- toYaml (mergeOverwrite $labels $own) -}}
{{- end -}}

{{- define "exporter.image" -}}
{{- $registry := default .Values.image.registry (.Values.global).imageRegistry -}}
{{- $name := ternary (printf "%s/%s" $registry .Values.image.repository) .Values.image.repository (ne $registry "") -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "exporter.imagePullSecrets" -}}
{{- with concat .Values.imagePullSecrets (default list (.Values.global).imagePullSecrets) -}}
imagePullSecrets:
  {{- range . }}
  - {{ kindIs "string" . | ternary (dict "name" .) . | toJson }}
  {{- end }}
{{- end -}}
{{- end -}}

{{- define "exporter.serviceAccountName" -}}
{{- default (ternary (include "exporter.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- /* Without accounts there is no pod; the notes say so. */ -}}
{{- define "exporter.hasAccounts" -}}
{{- if or .Values.demo .Values.existingConfigMap.name .Values.existingConfigSecret.name .Values.config.accounts .Values.config.account_files -}}true{{- end -}}
{{- end -}}

{{- define "exporter.rendersConfig" -}}
{{- if not (or .Values.demo .Values.existingConfigMap.name .Values.existingConfigSecret.name) -}}true{{- end -}}
{{- end -}}

{{- define "exporter.stateDirectory" -}}
/var/lib/ai-account-exporter
{{- end -}}

{{- define "exporter.secrets" -}}
/run/secrets/ai-account-exporter
{{- end -}}

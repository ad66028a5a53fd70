{{/* The rules of the project, changed by the values. They are parsed as YAML, not as templates: their braces belong to Prometheus. */}}

{{- define "exporter.ruleGroups" -}}
{{- $groups := list -}}
{{- if .Values.prometheusRule.defaultRules.enabled -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" -}}
{{- range ($.Files.Get $path | fromYaml).groups -}}
{{- $group := include "exporter.ruleGroup" (list $.Values.prometheusRule.defaultRules .) | fromYaml -}}
{{- if $group.rules -}}{{- $groups = append $groups $group -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with concat $groups .Values.prometheusRule.groups -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "exporter.ruleGroup" -}}
{{- $values := first . -}}
{{- $rules := list -}}
{{- range $rule := (last .).rules -}}
{{- if not .alert -}}
{{- $rules = append $rules . -}}
{{- else if not (has .alert $values.disabled) -}}
{{- $changes := dict "labels" (mergeOverwrite (deepCopy .labels) $values.alertLabels) -}}
{{- with $values.runbookUrl -}}
{{- $_ := set $changes "annotations" (dict "runbook_url" (printf "%s/%s.md" (trimSuffix "/" .) $rule.alert)) -}}
{{- end -}}
{{- with get $values.forOverrides .alert -}}{{- $_ := set $changes "for" . -}}{{- end -}}
{{- $rules = append $rules (mergeOverwrite (deepCopy .) $changes) -}}
{{- end -}}
{{- end -}}
{{- toYaml (set (deepCopy (last .)) "rules" $rules) -}}
{{- end -}}

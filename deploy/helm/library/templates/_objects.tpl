{{/* Everything that the unsealer needs, as the values say. */}}
{{- define "bulla.unsealer" -}}
{{- $name := include "bulla.fullname" . -}}
{{- if .Values.serviceAccount.create }}
---
{{ include "bulla.serviceAccount" . }}
{{- end }}
{{- if .Values.rbac.create }}
{{ include "bulla.rights" . }}
{{- end }}
{{- if .Values.createController }}
---
{{ include "bulla.deployment" . }}
---
{{ include "bulla.service" (dict "context" . "name" $name "port" "http" "values" .Values.service "labels" dict) }}
---
{{ include "bulla.service" (dict "context" . "name" (printf "%s-metrics" $name) "port" "metrics" "values" .Values.metrics.service "labels" (dict "app.kubernetes.io/component" "metrics")) }}
{{- if .Values.ingress.enabled }}
---
{{ include "bulla.ingress" . }}
{{ include "bulla.ingressSecrets" . }}
{{- end }}
{{- end }}
{{- if .Values.pdb.create }}
---
{{ include "bulla.pdb" . }}
{{- end }}
{{- if .Values.networkPolicy.enabled }}
---
{{ include "bulla.networkPolicy" . }}
{{- end }}
{{- if .Values.metrics.serviceMonitor.enabled }}
---
{{ include "bulla.serviceMonitor" . }}
{{- end }}
{{- if .Values.metrics.prometheusRule.enabled }}
---
{{ include "bulla.prometheusRule" . }}
{{- end }}
{{- if .Values.metrics.dashboards.create }}
---
{{ include "bulla.dashboard" . }}
{{- end }}
{{- range .Values.extraDeploy }}
---
{{ include "bulla.render" (dict "value" . "context" $) }}
{{- end }}
{{- end -}}

{{- define "bulla.notes" -}}
{{- $name := include "bulla.fullname" . -}}
{{- if .Values.createController -}}
The controller unseals SealedSecrets. Seal for this cluster:

    kubeseal --controller-name={{ $name }} --controller-namespace={{ include "bulla.namespace" . }} -f secret.yaml -w sealed.yaml
    kubectl apply -f sealed.yaml

Keep a backup of the sealing keys; without them nothing can be unsealed:

    kubectl get secret -n {{ include "bulla.namespace" . }} -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml
{{- else -}}
Rights and kinds are there; the controller is not part of this release (createController: false).
{{- end }}
{{ end -}}

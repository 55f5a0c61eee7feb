{{/* The names of the original's templates, which values of users may include (extraDeploy, labels, annotations). */}}

{{- define "sealed-secrets.name" -}}{{ include "bulla.name" . }}{{- end -}}
{{- define "sealed-secrets.fullname" -}}{{ include "bulla.fullname" . }}{{- end -}}
{{- define "sealed-secrets.namespace" -}}{{ include "bulla.namespace" . }}{{- end -}}
{{- define "sealed-secrets.chart" -}}{{ include "bulla.chart" . }}{{- end -}}
{{- define "sealed-secrets.serviceAccountName" -}}{{ include "bulla.serviceAccountName" . }}{{- end -}}
{{- define "sealed-secrets.labels" -}}{{ include "bulla.labels" . }}{{- end -}}
{{- define "sealed-secrets.matchLabels" -}}{{ include "bulla.matchLabels" . }}{{- end -}}
{{- define "sealed-secrets.render" -}}{{ include "bulla.render" . }}{{- end -}}
{{- define "sealed-secrets.backend" -}}
{{- $isName := kindIs "string" .servicePort -}}
{{- toYaml (dict "service" (dict "name" .serviceName "port" (dict ($isName | ternary "name" "number") .servicePort))) -}}
{{- end -}}
{{- define "sealed-secrets.ingress.certManagerRequest" -}}
{{- if or (hasKey . "cert-manager.io/cluster-issuer") (hasKey . "cert-manager.io/issuer") }}true{{ end -}}
{{- end -}}

{{/* Of versions of Kubernetes that are no longer supported there is nothing to choose. */}}
{{- define "sealed-secrets.kubeVersion" -}}{{ .Capabilities.KubeVersion.Version }}{{- end -}}
{{- define "sealed-secrets.deployment.apiVersion" -}}apps/v1{{- end -}}
{{- define "sealed-secrets.ingress.apiVersion" -}}networking.k8s.io/v1{{- end -}}
{{- define "sealed-secrets.networkPolicy.apiVersion" -}}networking.k8s.io/v1{{- end -}}
{{- define "sealed-secrets.supportsPathType" -}}true{{- end -}}
{{- define "sealed-secrets.supportsIngressClassname" -}}true{{- end -}}

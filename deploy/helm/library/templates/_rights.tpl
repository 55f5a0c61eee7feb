{{/* The ServiceAccount and its rights. */}}

{{- define "bulla.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata: {{- include "bulla.metadata" (dict "context" . "name" (include "bulla.serviceAccountName" .) "namespace" (include "bulla.namespace" .) "labels" (list .Values.serviceAccount.labels) "lastAnnotations" .Values.serviceAccount.annotations) | nindent 2 }}
{{- end -}}

{{/* One object of RBAC without its rules. In: context, kind, name, namespace (none for the cluster's). */}}
{{- define "bulla.rbac" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata: {{- include "bulla.metadata" (dict "context" .context "name" .name "namespace" .namespace "labels" (list .context.Values.rbac.labels)) | nindent 2 }}
{{- end -}}

{{/* The end of a binding to the ServiceAccount. In: context, kind and name of the role. */}}
{{- define "bulla.bound" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "bulla.serviceAccountName" .context }}
    namespace: {{ include "bulla.namespace" .context }}
{{- end -}}

{{/* Deleting Secrets is for --old-gc-behavior alone. */}}
{{- define "bulla.unsealerRules" -}}
- apiGroups: [bitnami.com]
  resources: [sealedsecrets]
  verbs: [get, list, watch]
- apiGroups: [bitnami.com]
  resources: [sealedsecrets/status]
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, create, update, watch{{ if contains "--old-gc-behavior" (join " " .Values.args) }}, delete{{ end }}]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [""] # the UID of kube-system goes into the names of keys
  resources: [namespaces]
  resourceNames: {{- include "bulla.render" (dict "value" (prepend (.Values.additionalNamespaces | default list) "kube-system" | uniq) "context" $) | nindent 4 }}
  verbs: [get]
{{- end -}}

{{- define "bulla.rights" -}}
{{- $name := include "bulla.fullname" . -}}
{{- $namespace := include "bulla.namespace" . -}}
{{- if .Values.rbac.namespacedRoles }}
{{- if not .Values.rbac.clusterRole }}
{{- range uniq (prepend (.Values.additionalNamespaces | default list) $namespace) }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "Role" "name" $.Values.rbac.namespacedRolesName "namespace" .) }}
rules: {{- include "bulla.unsealerRules" $ | nindent 2 }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "RoleBinding" "name" $name "namespace" .) }}
{{ include "bulla.bound" (dict "context" $ "kind" "Role" "name" $.Values.rbac.namespacedRolesName) }}
{{- end }}
{{- end }}
{{- else }}
{{- if .Values.rbac.clusterRole }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "ClusterRole" "name" .Values.rbac.clusterRoleName) }}
rules: {{- include "bulla.unsealerRules" . | nindent 2 }}
{{- end }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "ClusterRoleBinding" "name" $name) }}
{{ include "bulla.bound" (dict "context" $ "kind" "ClusterRole" "name" .Values.rbac.clusterRoleName) }}
{{- end }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "Role" "name" (printf "%s-key-admin" $name) "namespace" $namespace) }}
rules:
  - apiGroups: [""]
    resources: [secrets]
    resourceNames: [{{ .Values.secretName | default "sealed-secrets-key" | quote }}]
    verbs: [get]
  - apiGroups: [""]
    resources: [secrets]
    verbs: [create, list]
---
{{ include "bulla.rbac" (dict "context" $ "kind" "RoleBinding" "name" (printf "%s-key-admin" $name) "namespace" $namespace) }}
{{ include "bulla.bound" (dict "context" $ "kind" "Role" "name" (printf "%s-key-admin" $name)) }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "Role" "name" (printf "%s-leader-election" $name) "namespace" $namespace) }}
rules:
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [create]
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    resourceNames: [{{ $name }}] # two releases in a namespace are two elections
    verbs: [get, update]
---
{{ include "bulla.rbac" (dict "context" $ "kind" "RoleBinding" "name" (printf "%s-leader-election" $name) "namespace" $namespace) }}
{{ include "bulla.bound" (dict "context" $ "kind" "Role" "name" (printf "%s-leader-election" $name)) }}
{{- if .Values.rbac.serviceProxier.create }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "Role" "name" (printf "%s-service-proxier" $name) "namespace" $namespace) }}
rules:
  - apiGroups: [""]
    resources: [services]
    resourceNames: [{{ $name }}]
    verbs: [get]
  - apiGroups: [""]
    resources: [services/proxy]
    resourceNames: ["http:{{ $name }}:", "http:{{ $name }}:http", {{ $name }}]
    verbs: [create, get]
{{- if .Values.rbac.serviceProxier.bind }}
---
{{ include "bulla.rbac" (dict "context" $ "kind" "RoleBinding" "name" (printf "%s-service-proxier" $name) "namespace" $namespace) }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}-service-proxier
subjects: {{- include "bulla.render" (dict "value" .Values.rbac.serviceProxier.subjects "context" $) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

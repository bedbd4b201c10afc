{{- define "hyperv-csi.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "hyperv-csi.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "hyperv-csi.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "hyperv-csi.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "hyperv-csi.selectorLabels" -}}
app.kubernetes.io/name: {{ include "hyperv-csi.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "hyperv-csi.labels" -}}
{{ include "hyperv-csi.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "hyperv-csi.image" -}}
{{- include "hyperv-csi.imageOf" (dict "image" .Values.image "root" .) -}}
{{- end -}}

{{/* An image from its values: (dict "image" .Values.image "root" .). */}}
{{- define "hyperv-csi.imageOf" -}}
{{- $version := .root.Chart.AppVersion -}}
{{- with .image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $version }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "hyperv-csi.controllerAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ include "hyperv-csi.fullname" . }}-controller
{{- else -}}
{{ required "serviceAccount.controllerName is needed when serviceAccount.create is false" .Values.serviceAccount.controllerName }}
{{- end -}}
{{- end -}}

{{- define "hyperv-csi.nodeAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ include "hyperv-csi.fullname" . }}-node
{{- else -}}
{{ required "serviceAccount.nodeName is needed when serviceAccount.create is false" .Values.serviceAccount.nodeName }}
{{- end -}}
{{- end -}}

{{- define "hyperv-csi.agentsSecret" -}}
{{- .Values.existingAgentsSecret | default (printf "%s-agents" (include "hyperv-csi.fullname" .)) -}}
{{- end -}}

{{/*
Tolerations of a pod that a node needs to lose its start-up taint: (dict "root" . "own" .Values.node.tolerations).
Where every node has that taint, it would wait for itself to remove it.
*/}}
{{- define "hyperv-csi.tolerations" -}}
{{- $own := .own | default list -}}
{{- $needed := .root.Values.controller.kubernetes.enabled -}}
{{- range $own -}}
{{- if and (eq (.operator | default "Equal") "Exists") (not .key) (not .effect) -}}
{{- $needed = false -}}
{{- end -}}
{{- end -}}
{{- if $needed -}}
{{- $own = append $own (dict "key" (printf "%s/agent-not-ready" .root.Values.driverName) "operator" "Exists") -}}
{{- end -}}
{{- toYaml $own -}}
{{- end -}}

{{/* What a container without any right has. */}}
{{- define "hyperv-csi.noRights" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/*
What a probe of the node plugin asks, of its path: the pod's own address, which is no use where the plugin listens on another one alone.
Nobody puts a variable's value into a probe, so that `$(HOST_IP)`, which is the pod's address, is left out there.
(dict "root" . "path" "/healthz")
*/}}
{{- define "hyperv-csi.nodeProbe" -}}
{{- $host := .root.Values.node.httpHost | trimPrefix "[" | trimSuffix "]" -}}
{{- if or (has $host (list "" "0.0.0.0" "::")) (contains "$(" $host) -}}
httpGet: { path: {{ .path }}, port: http }
{{- else -}}
httpGet: { path: {{ .path }}, port: http, host: {{ $host | quote }} }
{{- end -}}
{{- end -}}

{{/* A sidecar of the controller: (dict "root" . "name" "attacher" "args" (list …)). */}}
{{- define "hyperv-csi.sidecar" -}}
{{- $sidecar := index .root.Values.sidecars .name -}}
- name: {{ .name }}
  image: {{ $sidecar.image }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args:
    - --csi-address=/csi/csi.sock
    - --leader-election
    - --leader-election-namespace=$(NAMESPACE)
    - --timeout={{ $sidecar.timeout }}
    {{- /* Five requests a second, their own measure, let a hundred claims wait for each other. */}}
    - --kube-api-qps=50
    - --kube-api-burst=100
    {{- range .args }}
    - {{ . }}
    {{- end }}
    {{- range $sidecar.extraArgs }}
    - {{ . }}
    {{- end }}
  env:
    - name: NAMESPACE
      valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
    - name: POD_NAME
      valueFrom: { fieldRef: { fieldPath: metadata.name } }
  securityContext:
    {{- include "hyperv-csi.noRights" .root | nindent 4 }}
  resources:
    {{- toYaml $sidecar.resources | nindent 4 }}
  volumeMounts:
    - { name: socket, mountPath: /csi }
{{- end -}}

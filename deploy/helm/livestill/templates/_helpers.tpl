{{- define "livestill.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "livestill.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{/* The name of an object beside the first one: (list . "admin"). */}}
{{- define "livestill.part" -}}
{{- $part := last . -}}
{{- printf "%s-%s" (include "livestill.fullname" (first .) | trunc (int (sub 62 (len $part))) | trimSuffix "-") $part -}}
{{- end -}}

{{/* Workers and the migration have names of their own: the selectors of service and budget must not find them. */}}
{{- define "livestill.partSelector" -}}
app.kubernetes.io/name: {{ include "livestill.name" (first .) | trunc 54 | trimSuffix "-" }}-{{ last . }}
app.kubernetes.io/instance: {{ (first .).Release.Name }}
{{- end -}}

{{- define "livestill.selector" -}}
app.kubernetes.io/name: {{ include "livestill.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "livestill.labels" -}}
{{ include "livestill.selector" . }}
{{ include "livestill.releaseLabels" . }}
{{- end -}}

{{- define "livestill.partLabels" -}}
{{ include "livestill.partSelector" . }}
{{ include "livestill.releaseLabels" (first .) }}
{{- end -}}

{{- define "livestill.releaseLabels" -}}
app.kubernetes.io/part-of: {{ include "livestill.name" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "livestill.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "livestill.claim" -}}
{{- default (printf "%s-data" (include "livestill.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{/* "yes" where several nodes work on one database. */}}
{{- define "livestill.isFleet" -}}
{{- if eq .Values.store.kind "postgres" -}}yes{{- end -}}
{{- end -}}

{{/* "yes" where there are two pods or more. */}}
{{- define "livestill.hasSeveral" -}}
{{- if .Values.autoscaling.enabled -}}
{{- if gt (int .Values.autoscaling.minReplicas) 1 -}}yes{{- end -}}
{{- else if gt (int .Values.replicas) 1 -}}yes{{- end -}}
{{- end -}}

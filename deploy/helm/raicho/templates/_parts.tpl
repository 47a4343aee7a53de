{{/* What all pods share. */}}
{{- define "raicho.environment" -}}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: database-url } }
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: redis-url, optional: true } }
- name: RAICHO_ADMIN_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: admin-password } }
- name: RAICHO_MASTER_KEY_FILE
  value: /etc/raicho/secret/master-key
- name: RAICHO_HOME
  value: /var/lib/raicho
- name: RAICHO_HOST
  value: 0.0.0.0
- name: RAICHO_API_URL
  value: {{ printf "http://%s-door:%v" .Release.Name .Values.service.port | quote }}
- name: RAICHO_TZ
  value: {{ .Values.timeZone | quote }}
- name: RAICHO_LOG
  value: json
- name: RAICHO_CONCURRENCY
  value: {{ .Values.worker.concurrency | quote }}
{{- range $name, $value := .Values.environment }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "raicho.labels" -}}
app.kubernetes.io/name: raicho
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "raicho.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
workingDir: /srv/site
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "raicho.mounts" -}}
- { name: home, mountPath: /var/lib/raicho }
- { name: tmp, mountPath: /tmp }
- { name: secret, mountPath: /etc/raicho/secret, readOnly: true }
{{- end }}

{{- define "raicho.volumes" -}}
{{- if .Values.homeClaim }}
- { name: home, persistentVolumeClaim: { claimName: {{ .Values.homeClaim }} } }
{{- else }}
- { name: home, emptyDir: {} }
{{- end }}
- { name: tmp, emptyDir: {} }
- name: secret
  secret:
    secretName: {{ .Values.secretName }}
    items: [{ key: master-key, path: master-key, mode: 0440 }]
{{- end }}

{{- define "raicho.pod" -}}
# As long as a drain may take, and 30 s more.
terminationGracePeriodSeconds: 60
securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 }
{{- end }}

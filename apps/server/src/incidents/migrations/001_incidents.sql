-- Everything that a list, a metric or grouping asks of an incident stands in its row. Times in ms since the epoch; T0 to T12 as in model.ts.
CREATE TABLE incidents_incidents (
  tenant_id text NOT NULL,
  id text NOT NULL,
  -- ranks, informational 0 to critical 4; machine_severity is what alerts and assets say
  severity smallint NOT NULL CHECK (severity BETWEEN 0 AND 4),
  machine_severity smallint NOT NULL CHECK (machine_severity BETWEEN 0 AND 4),
  -- [{en, ko}], as all texts that people read
  severity_reasons json NOT NULL,
  status text NOT NULL CHECK (status IN ('new', 'investigating', 'contained', 'resolved', 'closed')),
  verdict text CHECK (verdict IN ('true_positive', 'benign_true_positive', 'false_positive', 'inconclusive', 'duplicate', 'test')),
  title json NOT NULL,
  analyst_id text,
  analyst_name text,
  hosts text[] NOT NULL,
  users text[] NOT NULL,
  techniques text[] NOT NULL,
  tactics text[] NOT NULL,
  -- [{id, title, severity, techniques}]
  rules json NOT NULL,
  alert_count integer NOT NULL,
  backfill boolean NOT NULL,
  last_activity bigint NOT NULL,
  t0 bigint NOT NULL, t1 bigint NOT NULL, t2 bigint NOT NULL, t3 bigint NOT NULL, t4 bigint, t5 bigint, t6 bigint NOT NULL, t7 bigint,
  t8 bigint, t8a bigint, t9 bigint, t9n bigint, t10 bigint, t11 bigint, t12 bigint,
  -- [{from, to, reason}]
  pauses json NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK (status <> 'closed' OR verdict IS NOT NULL),
  CHECK ((t12 IS NOT NULL) = (status = 'closed') AND (t11 IS NOT NULL) = (status IN ('resolved', 'closed')))
);
-- A list reads one range of these for each severity and status it wants: every filter is exact, whatever it leaves out.
CREATE INDEX incidents_queue ON incidents_incidents (tenant_id, status, severity, t3 DESC, id DESC);
CREATE INDEX incidents_queue_of_analyst ON incidents_incidents (tenant_id, analyst_id, status, severity, t3 DESC, id DESC);
CREATE INDEX incidents_detected ON incidents_incidents (tenant_id, t3) INCLUDE (backfill);
SELECT platform_protect('incidents_incidents');

-- An alert belongs to one incident: the primary key is what makes a repeated event do nothing.
CREATE TABLE incidents_alerts (
  tenant_id text NOT NULL,
  alert_id text NOT NULL,
  incident_id text NOT NULL,
  severity smallint NOT NULL,
  first_event_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, alert_id)
);
CREATE INDEX incidents_alerts_of ON incidents_alerts (tenant_id, incident_id, first_event_at, alert_id);
SELECT platform_protect('incidents_alerts');

-- What alerts and incidents have in common (host:, user:, proc:, ioc:, rule:, technique:): grouping finds candidates by it, and likeness is counted in it.
CREATE TABLE incidents_keys (
  tenant_id text NOT NULL,
  key text NOT NULL,
  -- T3 of the incident
  detected_at bigint NOT NULL,
  incident_id text NOT NULL,
  PRIMARY KEY (tenant_id, incident_id, key)
);
CREATE INDEX incidents_keys_by_key ON incidents_keys (tenant_id, key, detected_at DESC, incident_id);
SELECT platform_protect('incidents_keys');

-- What people and machines did. Alerts are not here: the story takes them from detection.
CREATE TABLE incidents_timeline (
  tenant_id text NOT NULL,
  id text NOT NULL,
  -- what happened in the same millisecond
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  incident_id text NOT NULL,
  at bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('status', 'severity', 'assignment', 'comment', 'verdict', 'action', 'approval', 'note')),
  actor_kind text,
  actor_name text,
  text json NOT NULL,
  severity smallint,
  ref_type text,
  ref_id text,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX incidents_timeline_of ON incidents_timeline (tenant_id, incident_id, at, ordinal);
SELECT platform_protect('incidents_timeline');

-- Alerts that are too weak alone wait for company for a while: what they can be found by, so that something stronger pulls them in.
CREATE TABLE incidents_held (
  tenant_id text NOT NULL,
  key text NOT NULL,
  -- T1 of the alert
  at bigint NOT NULL,
  held_at bigint NOT NULL,
  alert_id text NOT NULL,
  PRIMARY KEY (tenant_id, alert_id, key)
);
CREATE INDEX incidents_held_by_key ON incidents_held (tenant_id, key, at);
CREATE INDEX incidents_held_since ON incidents_held (tenant_id, held_at);
SELECT platform_protect('incidents_held');

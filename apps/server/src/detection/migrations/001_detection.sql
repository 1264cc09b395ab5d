-- Times are ms since the epoch (T1, T2, T3), offsets count the tenant's event log. `json`, not jsonb: jsonb refuses U+0000.
CREATE TABLE detection_alerts (
  tenant_id text NOT NULL,
  alert_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('rule', 'indicator')),
  rule_id text NOT NULL,
  -- the rule as it was when it fired
  rule json NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'informational')),
  status text NOT NULL CHECK (status IN ('new', 'suppressed', 'attached', 'dismissed')),
  verdict text,
  incident_id text,
  suppression_id text,
  host text,
  user_name text,
  techniques text[] NOT NULL,
  tactics text[] NOT NULL,
  first_event_at bigint NOT NULL,
  last_event_at bigint NOT NULL,
  received_at bigint NOT NULL,
  raised_at bigint NOT NULL,
  event_count integer NOT NULL,
  indicators json NOT NULL,
  backfill boolean NOT NULL,
  processes json NOT NULL,
  addresses text[] NOT NULL,
  hashes text[] NOT NULL,
  log_offset bigint NOT NULL,
  -- when it got its verdict; null while it has none
  closed_at bigint,
  PRIMARY KEY (tenant_id, alert_id)
) WITH (fillfactor = 80);
CREATE INDEX detection_alerts_latest ON detection_alerts (tenant_id, raised_at DESC, alert_id DESC);
CREATE INDEX detection_alerts_of_rule ON detection_alerts (tenant_id, rule_id, raised_at);
CREATE INDEX detection_alerts_of_incident ON detection_alerts (tenant_id, incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX detection_alerts_waiting ON detection_alerts (tenant_id, log_offset) WHERE status = 'new';
CREATE INDEX detection_alerts_closed ON detection_alerts (tenant_id, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX detection_alerts_suppressed ON detection_alerts (tenant_id, suppression_id) WHERE suppression_id IS NOT NULL;
SELECT platform_protect('detection_alerts');

-- The records behind alerts, each once however many alerts stand on it.
CREATE TABLE detection_records (
  tenant_id text NOT NULL,
  log_offset bigint NOT NULL,
  event_id text NOT NULL,
  source text NOT NULL,
  time bigint NOT NULL,
  received_at bigint NOT NULL,
  process json,
  raw text NOT NULL,
  PRIMARY KEY (tenant_id, log_offset)
);
SELECT platform_protect('detection_records');

CREATE TABLE detection_evidence (
  tenant_id text NOT NULL,
  alert_id text NOT NULL,
  log_offset bigint NOT NULL,
  matched json NOT NULL,
  PRIMARY KEY (tenant_id, alert_id, log_offset)
);
SELECT platform_protect('detection_evidence');

-- Up to where the log was searched; moved in the transaction that keeps what was found.
CREATE TABLE detection_checkpoints (
  tenant_id text PRIMARY KEY,
  next_offset bigint NOT NULL,
  skipped bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
SELECT platform_protect('detection_checkpoints');

-- Stretches of the log that could not be searched, and why.
CREATE TABLE detection_gaps (
  tenant_id text NOT NULL,
  from_offset bigint NOT NULL,
  to_offset bigint NOT NULL,
  reason text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant_id, from_offset)
);
SELECT platform_protect('detection_gaps');

-- The funnel, by hour of receipt (hours since the epoch), so that months of any time zone can be cut out of it.
CREATE TABLE detection_volumes (
  tenant_id text NOT NULL,
  hour integer NOT NULL,
  events bigint NOT NULL,
  matches bigint NOT NULL,
  PRIMARY KEY (tenant_id, hour)
) WITH (fillfactor = 50);
SELECT platform_protect('detection_volumes');

-- Rules that a person switched on or off for a tenant; the others are as their pack says.
CREATE TABLE detection_rule_states (
  tenant_id text NOT NULL,
  rule_id text NOT NULL,
  enabled boolean NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text NOT NULL,
  PRIMARY KEY (tenant_id, rule_id)
);
SELECT platform_protect('detection_rule_states');

CREATE TABLE detection_suppressions (
  tenant_id text NOT NULL,
  suppression_id text NOT NULL,
  rule_id text NOT NULL,
  host text,
  user_name text,
  field text,
  value text,
  reason text NOT NULL,
  author text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint,
  -- kept for the alerts that name it
  removed_at bigint,
  PRIMARY KEY (tenant_id, suppression_id)
);
SELECT platform_protect('detection_suppressions');

-- What the installer says of a pack's licence, for rules that state none. tenant_id '*': a pack for all tenants, readable by each.
CREATE TABLE detection_pack_licenses (
  tenant_id text NOT NULL,
  name text NOT NULL,
  license text NOT NULL,
  PRIMARY KEY (tenant_id, name)
);
SELECT platform_protect('detection_pack_licenses');
CREATE POLICY shared ON detection_pack_licenses FOR SELECT USING (tenant_id = '*');

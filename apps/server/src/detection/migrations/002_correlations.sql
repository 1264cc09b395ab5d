-- What running correlations hold of the log before an offset, packed. Never ahead of the checkpoint.
CREATE TABLE detection_correlation_states (
  tenant_id text PRIMARY KEY,
  log_offset bigint NOT NULL,
  state bytea NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE detection_correlation_states ALTER COLUMN state SET STORAGE EXTERNAL;
SELECT platform_protect('detection_correlation_states');

-- How often each rule was met, by hour of receipt (hours since the epoch); kept for a week. Silent rules and suppressed matches count.
CREATE TABLE detection_rule_hits (
  tenant_id text NOT NULL,
  rule_id text NOT NULL,
  hour integer NOT NULL,
  hits bigint NOT NULL,
  -- receipt (T2) of the latest
  last_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, rule_id, hour)
) WITH (fillfactor = 50);
SELECT platform_protect('detection_rule_hits');

-- What each rule costs, sampled: {rule id: microseconds per event}.
CREATE TABLE detection_rule_costs (
  tenant_id text PRIMARY KEY,
  costs json NOT NULL
) WITH (fillfactor = 50);
SELECT platform_protect('detection_rule_costs');

CREATE TABLE telemetry_sources (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  name text NOT NULL,
  created_at bigint NOT NULL,
  -- counters since the source exists; the store knows the rest (lag, unknown shapes)
  accepted bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  duplicate bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  -- coded reasons of refusal: {"json_invalid": 3}
  errors jsonb NOT NULL DEFAULT '{}',
  last_received_at bigint,
  last_key_id text,
  UNIQUE (tenant_id, name)
);
SELECT platform_protect('telemetry_sources');

-- Up to which offset of the event log the asset graph has been told.
CREATE TABLE telemetry_observed (
  tenant_id text PRIMARY KEY,
  through_offset bigint NOT NULL
);
SELECT platform_protect('telemetry_observed');

-- Feeds and what they state. tenant_id '*': for all tenants, who may read those rows and change none of them.
CREATE TABLE intel_feeds (
  tenant_id text NOT NULL,
  name text NOT NULL,
  format text NOT NULL CHECK (format IN ('csv', 'stix')),
  revision text NOT NULL, -- of one import; its statements carry it
  indicators integer NOT NULL,
  networks text[] NOT NULL, -- which lengths of networks are among them: '4/24', '6/48'
  report json NOT NULL,
  imported_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, name)
);
SELECT platform_protect('intel_feeds');
CREATE POLICY shared ON intel_feeds FOR SELECT USING (tenant_id = '*');

-- key: the first 128 bits of SHA-256(type, value). A URL is longer than an index takes, and a comparison of keys may go before the policy (it is leakproof).
CREATE TABLE intel_statements (
  tenant_id text NOT NULL,
  revision text NOT NULL,
  key uuid NOT NULL,
  type text NOT NULL,
  value text NOT NULL,
  verdict text NOT NULL,
  confidence smallint NOT NULL,
  tags text[] NOT NULL,
  techniques text[] NOT NULL,
  first_seen bigint,
  last_seen bigint,
  valid_until bigint,
  subdomains boolean NOT NULL,
  PRIMARY KEY (revision, key)
);
CREATE INDEX intel_statements_by_key ON intel_statements (key);
SELECT platform_protect('intel_statements');
CREATE POLICY shared ON intel_statements FOR SELECT USING (tenant_id = '*');

-- Events of a tenant that named an indicator.
CREATE TABLE intel_sightings (
  tenant_id text NOT NULL,
  key uuid NOT NULL,
  type text NOT NULL,
  value text NOT NULL,
  count bigint NOT NULL,
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, key)
);
SELECT platform_protect('intel_sightings');

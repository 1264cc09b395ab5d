-- Tables of the access context. Times come from the injected clock, never from the database.
-- tenant_id '*' (no tenant's id can be that) marks what belongs to the platform itself: its audit chain, and memberships in every tenant.
CREATE TABLE access_tenants (
  tenant_id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  display_name text NOT NULL,
  origin text NOT NULL CHECK (origin IN ('installation', 'provider')),
  created_at timestamptz NOT NULL
);
SELECT platform_protect('access_tenants');

CREATE TABLE access_sites (
  site_id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES access_tenants,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, name)
);
SELECT platform_protect('access_sites');

CREATE TABLE access_users (
  user_id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  display_name text NOT NULL,
  language text NOT NULL CHECK (language IN ('en', 'ko')),
  password_hash text NOT NULL,
  must_change_password boolean NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE access_memberships (
  user_id text NOT NULL REFERENCES access_users,
  tenant_id text NOT NULL,
  role text NOT NULL,
  side text NOT NULL CHECK (side IN ('provider', 'customer')),
  site_id text REFERENCES access_sites,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, tenant_id)
);
SELECT platform_protect('access_memberships');
CREATE INDEX access_memberships_of_tenant ON access_memberships (tenant_id, user_id);

-- A person belongs to no tenant: a tenant sees the people who are its members, and only the platform writes them.
ALTER TABLE access_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_users FORCE ROW LEVEL SECURITY;
CREATE POLICY members ON access_users FOR SELECT USING (
  (SELECT current_setting('haechi.tenant', true)) = '*'
  OR EXISTS (SELECT 1 FROM access_memberships m WHERE m.user_id = access_users.user_id)
);
CREATE POLICY platform ON access_users USING ((SELECT current_setting('haechi.tenant', true)) = '*');

CREATE TABLE access_sessions (
  token_sha256 bytea PRIMARY KEY,
  user_id text NOT NULL REFERENCES access_users,
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL
);
CREATE INDEX access_sessions_of_user ON access_sessions (user_id);

-- Failed sign-ins by the name that was tried, so that unknown names behave like known ones.
CREATE TABLE access_sign_in_failures (
  name text PRIMARY KEY,
  failures integer NOT NULL,
  locked_until timestamptz,
  failed_at timestamptz NOT NULL
);

CREATE TABLE access_keys (
  key_id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES access_tenants,
  site_id text REFERENCES access_sites,
  name text NOT NULL,
  role text NOT NULL,
  side text NOT NULL CHECK (side IN ('provider', 'customer')),
  owner_id text REFERENCES access_users,
  algorithm text NOT NULL CHECK (algorithm IN ('hmac-sha256', 'ed25519')),
  allowed_addresses text[] NOT NULL,
  scheme2_only boolean NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
SELECT platform_protect('access_keys');
CREATE INDEX access_keys_of_tenant ON access_keys (tenant_id, key_id);

-- While a key is rotated two of these are live. Of an Ed25519 key only the public half is here.
CREATE TABLE access_key_secrets (
  secret_id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES access_tenants,
  key_id text NOT NULL REFERENCES access_keys,
  sealed bytea,
  public_key text,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  CHECK ((sealed IS NULL) <> (public_key IS NULL))
);
SELECT platform_protect('access_key_secrets');
CREATE INDEX access_key_secrets_of_key ON access_key_secrets (key_id);

-- Signatures accepted and still inside their window: what makes a replay visible on every node and after a restart.
CREATE TABLE access_replays (
  key_id text NOT NULL,
  signature bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (key_id, signature)
);
CREATE INDEX access_replays_expiry ON access_replays (expires_at);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['access_sessions', 'access_sign_in_failures', 'access_replays'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY platform ON %I USING ((SELECT current_setting(''haechi.tenant'', true)) = ''*'')', name);
  END LOOP;
END $$;

-- The audit log: one hash chain per tenant and one for the platform. `record` is the canonical text that was hashed.
CREATE TABLE access_audit (
  tenant_id text NOT NULL,
  sequence bigint NOT NULL,
  at timestamptz NOT NULL,
  record text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (tenant_id, sequence)
);
SELECT platform_protect('access_audit');

CREATE TABLE access_audit_heads (
  tenant_id text PRIMARY KEY,
  sequence bigint NOT NULL,
  hash text NOT NULL
);
SELECT platform_protect('access_audit_heads');

CREATE FUNCTION access_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER access_audit_append_only BEFORE UPDATE OR DELETE ON access_audit FOR EACH ROW EXECUTE FUNCTION access_audit_refuse();
CREATE TRIGGER access_audit_no_truncate BEFORE TRUNCATE ON access_audit FOR EACH STATEMENT EXECUTE FUNCTION access_audit_refuse();
CREATE TRIGGER access_audit_heads_keep BEFORE DELETE ON access_audit_heads FOR EACH ROW EXECUTE FUNCTION access_audit_refuse();
CREATE TRIGGER access_audit_heads_no_truncate BEFORE TRUNCATE ON access_audit_heads FOR EACH STATEMENT EXECUTE FUNCTION access_audit_refuse();
-- A head only moves forward by one record, and only to a record that is there.
CREATE FUNCTION access_audit_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.tenant_id <> OLD.tenant_id OR NEW.sequence <> OLD.sequence + 1
     OR NOT EXISTS (SELECT 1 FROM access_audit a WHERE a.tenant_id = NEW.tenant_id AND a.sequence = NEW.sequence AND a.hash = NEW.hash) THEN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER access_audit_heads_advance BEFORE UPDATE ON access_audit_heads FOR EACH ROW EXECUTE FUNCTION access_audit_advance();

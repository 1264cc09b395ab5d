-- Which version of a pack is in force. tenant_id '*': for all tenants, who may read that row and not change it.
CREATE TABLE platform_packs (
  tenant_id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  previous text, -- what rollback returns to
  source json NOT NULL,
  report json NOT NULL,
  switched_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, kind, name)
);
SELECT platform_protect('platform_packs');
CREATE POLICY shared ON platform_packs FOR SELECT USING (tenant_id = '*');

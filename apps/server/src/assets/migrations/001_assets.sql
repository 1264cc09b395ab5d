CREATE TABLE assets_assets (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('host', 'user', 'address')),
  -- as first seen, for people
  name text NOT NULL,
  -- folded: host label, account name, canonical address
  short_name text NOT NULL,
  -- folded: fully qualified host name, DOMAIN\account as account@domain; null until one was seen
  qualified_name text,
  first_seen bigint NOT NULL,
  last_seen bigint NOT NULL
);
CREATE UNIQUE INDEX assets_qualified ON assets_assets (tenant_id, kind, qualified_name) WHERE qualified_name IS NOT NULL;
CREATE UNIQUE INDEX assets_short ON assets_assets (tenant_id, kind, short_name) WHERE qualified_name IS NULL;
CREATE INDEX assets_by_short ON assets_assets (tenant_id, kind, short_name);
CREATE INDEX assets_by_last_seen ON assets_assets (tenant_id, last_seen DESC, id DESC);
SELECT platform_protect('assets_assets');

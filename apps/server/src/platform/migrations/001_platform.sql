-- Every tenant table calls platform_protect: row-level security, forced, so that even a query without a WHERE sees one tenant.
-- haechi.tenant is set for one transaction by platform/database; '*' is the platform itself (authentication, tenant administration, sweeps).
CREATE FUNCTION platform_protect(tenant_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tenant_table);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tenant_table);
  EXECUTE format(
    'CREATE POLICY tenant ON %s USING (tenant_id = (SELECT current_setting(''haechi.tenant'', true)) OR (SELECT current_setting(''haechi.tenant'', true)) = ''*'')',
    tenant_table);
END $$;

-- The row that must never be seen without a tenant: start-up looks for it and refuses with rls_bypassed.
CREATE TABLE platform_rls_probe (tenant_id text NOT NULL);
INSERT INTO platform_rls_probe VALUES ('probe');
SELECT platform_protect('platform_rls_probe');

-- Months, nights and weekends are the tenant's own: reports and key figures count in this zone (IANA name).
ALTER TABLE access_tenants ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
ALTER TABLE access_tenants DROP CONSTRAINT access_tenants_origin_check;
ALTER TABLE access_tenants ADD CONSTRAINT access_tenants_origin_check CHECK (origin IN ('installation', 'provider', 'demo'));

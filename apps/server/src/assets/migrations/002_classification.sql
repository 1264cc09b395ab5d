-- What somebody said about an asset. Nothing here is guessed: until it was said, class and site are null and exposure is unknown.
ALTER TABLE assets_assets
  ADD COLUMN criticality text NOT NULL DEFAULT 'normal' CHECK (criticality IN ('low', 'normal', 'high', 'critical')),
  ADD COLUMN exposure text NOT NULL DEFAULT 'unknown' CHECK (exposure IN ('unknown', 'internal', 'internet')),
  ADD COLUMN class text,
  ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
  ADD COLUMN site_id text;

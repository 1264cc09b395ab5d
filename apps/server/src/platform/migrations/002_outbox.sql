-- Domain events. A row's position is given at commit, under its tenant's row in platform_outbox_heads, so positions of a tenant have
-- no gap and follow the order of commits: a reader that has seen position n can never be overtaken by an n - 1 that commits late.
CREATE TABLE platform_outbox (
  id text PRIMARY KEY,
  tenant_id text NOT NULL, -- '*' for an event of the platform itself
  ordinal bigint GENERATED ALWAYS AS IDENTITY, -- order within one transaction
  position bigint, -- null only inside the transaction that publishes
  type text NOT NULL,
  at timestamptz NOT NULL,
  payload json NOT NULL, -- not jsonb, which refuses U+0000
  UNIQUE (tenant_id, position)
);
CREATE INDEX platform_outbox_unplaced ON platform_outbox (tenant_id, ordinal) WHERE position IS NULL;
CREATE INDEX platform_outbox_age ON platform_outbox (at);

CREATE TABLE platform_outbox_heads (
  tenant_id text PRIMARY KEY,
  position bigint NOT NULL
) WITH (fillfactor = 50);

-- Where a subscriber stands in the events of one tenant. No row: at the beginning.
CREATE TABLE platform_outbox_cursors (
  subscriber text NOT NULL,
  tenant_id text NOT NULL,
  position bigint NOT NULL,
  attempts integer NOT NULL DEFAULT 0, -- at the event after position
  retry_at timestamptz,
  PRIMARY KEY (subscriber, tenant_id)
) WITH (fillfactor = 50);

CREATE TABLE platform_outbox_subscribers (
  name text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);

-- Events that a subscriber failed on until its tries were used up. Kept until an operator asks for another try that succeeds.
CREATE TABLE platform_outbox_parked (
  subscriber text NOT NULL,
  event_id text NOT NULL REFERENCES platform_outbox,
  tenant_id text NOT NULL,
  code text NOT NULL,
  parked_at timestamptz NOT NULL,
  retry boolean NOT NULL DEFAULT false,
  PRIMARY KEY (subscriber, event_id)
);

CREATE FUNCTION platform_outbox_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  batch record;
  head bigint;
BEGIN
  -- The first event's trigger places the whole transaction; tenants in one order, so that two transactions cannot wait for each other.
  IF NOT EXISTS (SELECT FROM platform_outbox WHERE id = NEW.id AND position IS NULL) THEN RETURN NULL; END IF;
  FOR batch IN SELECT tenant_id, count(*) AS events FROM platform_outbox WHERE position IS NULL GROUP BY tenant_id ORDER BY tenant_id LOOP
    INSERT INTO platform_outbox_heads AS h VALUES (batch.tenant_id, batch.events)
      ON CONFLICT (tenant_id) DO UPDATE SET position = h.position + excluded.position RETURNING h.position INTO head;
    UPDATE platform_outbox o SET position = head - batch.events + placed.nth
      FROM (SELECT id, row_number() OVER (ORDER BY ordinal) AS nth FROM platform_outbox WHERE position IS NULL AND tenant_id = batch.tenant_id) placed
      WHERE o.id = placed.id;
    PERFORM pg_notify('haechi_outbox', batch.tenant_id);
  END LOOP;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER platform_outbox_place AFTER INSERT ON platform_outbox
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION platform_outbox_place();

SELECT platform_protect('platform_outbox');
SELECT platform_protect('platform_outbox_heads');
SELECT platform_protect('platform_outbox_cursors');
SELECT platform_protect('platform_outbox_parked');

-- What waits for a time waits here, on the platform's clock. DBOS keeps its own tables in the schema dbos, which haechi_app cannot enter.
CREATE TABLE platform_timers (
  run_id text NOT NULL,
  wait text NOT NULL, -- names one wait of the run
  tenant_id text NOT NULL,
  topic text NOT NULL,
  due_at timestamptz NOT NULL,
  PRIMARY KEY (run_id, wait)
);
CREATE INDEX platform_timers_due ON platform_timers (due_at);
SELECT platform_protect('platform_timers');

CREATE TABLE platform_schedules (
  name text PRIMARY KEY,
  due_at timestamptz NOT NULL
);

-- The processes that execute runs. One that has not been seen for a minute is dead, and another takes its runs over.
CREATE TABLE platform_executors (
  id text PRIMARY KEY,
  seen_at timestamptz NOT NULL
);

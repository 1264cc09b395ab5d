-- Tables of the response context. Times come from the injected clock, never from the database.
-- A policy version: `content` is the canonical text that `digest` and `mac` are made over. A draft becomes a signed version once, and nothing else ever changes.
CREATE TABLE response_policies (
  tenant_id text NOT NULL,
  version integer NOT NULL,
  content text NOT NULL,
  digest text NOT NULL,
  drafted_by text NOT NULL,
  drafted_at timestamptz NOT NULL,
  signed_person text,
  signed_by text,
  signed_at timestamptz,
  mac text,
  PRIMARY KEY (tenant_id, version),
  CHECK ((signed_person IS NULL) = (mac IS NULL) AND (signed_by IS NULL) = (mac IS NULL) AND (signed_at IS NULL) = (mac IS NULL))
);
SELECT platform_protect('response_policies');
CREATE FUNCTION response_policies_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.mac IS NULL AND (NEW.tenant_id, NEW.version, NEW.content, NEW.digest, NEW.drafted_by, NEW.drafted_at)
    = (OLD.tenant_id, OLD.version, OLD.content, OLD.digest, OLD.drafted_by, OLD.drafted_at) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a policy version is immutable' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER response_policies_immutable BEFORE UPDATE OR DELETE ON response_policies FOR EACH ROW EXECUTE FUNCTION response_policies_keep();

CREATE TABLE response_actions (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  incident_id text NOT NULL,
  -- as it read when the action was requested
  incident_title_en text NOT NULL,
  incident_title_ko text NOT NULL,
  incident_severity text NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  reason text NOT NULL,
  urgency text NOT NULL,
  requester_kind text NOT NULL CHECK (requester_kind IN ('rule', 'provider', 'customer')),
  -- who answers for it: two actors with one person are one
  requester_person text NOT NULL,
  requester_actor text NOT NULL CHECK (requester_actor IN ('user', 'key', 'operator', 'system')),
  requester_name text NOT NULL,
  -- requested_by of the body: what the client says, never believed
  requester_label text,
  requested_at timestamptz NOT NULL,
  decided_by text,
  decided_at timestamptz,
  -- a person approved or rejected it (not the policy, not a timeout)
  decided_by_person boolean NOT NULL DEFAULT false,
  decision text,
  decision_comment text,
  policy_version integer NOT NULL
);
SELECT platform_protect('response_actions');
CREATE INDEX response_actions_list ON response_actions (tenant_id, id DESC);
CREATE INDEX response_actions_by_status ON response_actions (tenant_id, status, id DESC);
CREATE INDEX response_actions_by_incident ON response_actions (tenant_id, incident_id, id DESC);
CREATE INDEX response_actions_by_time ON response_actions (tenant_id, requested_at);

CREATE TABLE response_targets (
  tenant_id text NOT NULL,
  action_id text NOT NULL REFERENCES response_actions,
  ordinal integer NOT NULL,
  -- as the client named it
  target text NOT NULL,
  -- the same effect on the same thing has the same key, whoever asks for it
  effect text NOT NULL,
  host text,
  asset_id text,
  site_id text,
  names text[] NOT NULL,
  candidates text[] NOT NULL,
  state text NOT NULL,
  decision text NOT NULL,
  rule text NOT NULL,
  verdict_reason text,
  approvers text,
  needed integer NOT NULL,
  on_timeout text NOT NULL,
  timeout_minutes integer NOT NULL,
  escalated boolean NOT NULL DEFAULT false,
  reason_code text,
  evidence jsonb,
  approved_at timestamptz,
  -- when it was handed to an executor for the first time; null for what never was
  started_at timestamptz,
  executor text,
  -- of the step it is in
  attempts integer NOT NULL DEFAULT 0,
  -- the action whose standing effect it joined
  joined text,
  -- when something is to happen by itself: the approval runs out, a step is tried again, containment lifts
  due_at timestamptz,
  PRIMARY KEY (action_id, ordinal)
);
SELECT platform_protect('response_targets');
CREATE INDEX response_targets_due ON response_targets (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX response_targets_effect ON response_targets (tenant_id, effect) WHERE state IN ('approved', 'executing', 'verifying', 'succeeded');
CREATE INDEX response_targets_recent ON response_targets (tenant_id, approved_at) WHERE approved_at IS NOT NULL;

CREATE TABLE response_votes (
  tenant_id text NOT NULL,
  action_id text NOT NULL REFERENCES response_actions,
  person text NOT NULL,
  name text NOT NULL,
  side text NOT NULL,
  site_id text,
  approved boolean NOT NULL,
  comment text NOT NULL,
  -- approved_by of the body
  label text,
  at timestamptz NOT NULL,
  PRIMARY KEY (action_id, person)
);
SELECT platform_protect('response_votes');

CREATE TABLE response_history (
  tenant_id text NOT NULL,
  action_id text NOT NULL REFERENCES response_actions,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  status text NOT NULL,
  actor_kind text,
  actor_name text,
  -- of texts.ts, so that it is read in the reader's language
  code text NOT NULL,
  params jsonb NOT NULL,
  label text,
  PRIMARY KEY (action_id, sequence)
);
SELECT platform_protect('response_history');

-- The first answer to a request for an action, for whoever repeats it.
CREATE TABLE response_answers (
  tenant_id text NOT NULL,
  fingerprint text NOT NULL,
  body_digest text NOT NULL,
  answer jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, fingerprint)
);
SELECT platform_protect('response_answers');
CREATE INDEX response_answers_expiry ON response_answers (expires_at);

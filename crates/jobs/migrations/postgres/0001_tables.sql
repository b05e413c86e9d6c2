-- The rows of render jobs and what hangs on them. Tables only: who may see what is 0002, what moves by itself is 0003.

-- jsonb's text is canonical (sorted keys, no white space), and the database is UTF-8, so the text of a snapshot and with
-- it this hash never change: that is what IMMUTABLE asserts, since convert_to() itself is only STABLE.
create function video_render_snapshot_hash(p_input jsonb) returns text
language sql immutable strict parallel safe
as $$ select encode(sha256(convert_to(p_input::text, 'UTF8')), 'hex') $$;
comment on function video_render_snapshot_hash(jsonb) is
  'SHA-256 of a snapshot''s canonical text, hexadecimal. Equal snapshots have equal hashes.';

create table video_render_jobs (
  id uuid not null default gen_random_uuid(),
  organization_id text,
  company_id text not null,
  entity_type text not null default 'QUOTE',
  entity_id text not null,
  template text not null,
  input_json jsonb not null,
  snapshot_hash text not null generated always as (video_render_snapshot_hash(input_json)) stored,
  idempotency_key text,
  created_by_id text,
  retry_of uuid,
  retries integer not null default 0,
  credits_held integer not null default 0,

  status text not null default 'queued',
  stage text not null default 'render',
  progress integer not null default 0,
  attempts integer not null default 0,
  render_attempts integer not null default 0,
  upload_attempts integer not null default 0,
  rescue_count integer not null default 0,
  -- Not now(): jobs of one transaction keep the order in which they were enqueued.
  run_after timestamptz not null default clock_timestamp(),
  cancel_requested_at timestamptz,
  error_class text,
  error_code text,
  error_message text,

  lease_epoch bigint not null default 0,
  lease_expires_at timestamptz,
  worker_id text,
  deadline_at timestamptz,
  spool_id text,
  spool_retry_at timestamptz,

  output_key text,
  output_sha256 text,
  output_bytes bigint,
  output_duration_ms bigint,
  thumbnail_key text,
  render_version text,
  output_expired_at timestamptz,

  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null default now(),

  constraint video_render_jobs_pkey primary key (id),
  -- What points to a job names its company too: no reference leads from one company to another.
  constraint video_render_jobs_company_key unique (company_id, id),
  constraint video_render_jobs_retry_of_fkey foreign key (company_id, retry_of)
    references video_render_jobs (company_id, id) on delete set null (retry_of),
  constraint video_render_jobs_idempotency_key unique (company_id, idempotency_key),

  constraint video_render_jobs_organization_id_check check (organization_id ~ '^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$'),
  constraint video_render_jobs_company_id_check check (company_id ~ '^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$'),
  constraint video_render_jobs_entity_type_check check (entity_type ~ '^[A-Z][A-Z0-9_]{0,31}$'),
  constraint video_render_jobs_entity_id_check check (entity_id ~ '^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$'),
  constraint video_render_jobs_template_check check (char_length(template) between 1 and 128),
  constraint video_render_jobs_input_json_check check (jsonb_typeof(input_json) = 'object'),
  -- 8 MiB: what a reader of snapshots takes (src/snapshot/limits.rs).
  constraint video_render_jobs_input_json_size_check check (octet_length(input_json::text) <= 8388608),
  constraint video_render_jobs_idempotency_key_check check (char_length(idempotency_key) between 1 and 255),
  constraint video_render_jobs_created_by_id_check check (char_length(created_by_id) between 1 and 255),
  constraint video_render_jobs_retry_of_check check (retry_of <> id),
  constraint video_render_jobs_retries_check check (retries >= 0),
  constraint video_render_jobs_credits_held_check check (credits_held in (0, 1)),
  constraint video_render_jobs_status_check check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  constraint video_render_jobs_stage_check check (stage in ('render', 'upload', 'finalize')),
  constraint video_render_jobs_progress_check check (progress between 0 and 100),
  constraint video_render_jobs_attempts_check check (attempts >= 0),
  constraint video_render_jobs_render_attempts_check check (render_attempts >= 0),
  constraint video_render_jobs_upload_attempts_check check (upload_attempts >= 0),
  constraint video_render_jobs_rescue_count_check check (rescue_count >= 0),
  constraint video_render_jobs_lease_epoch_check check (lease_epoch >= 0),
  constraint video_render_jobs_error_class_check check (error_class in ('user', 'system', 'config')),
  -- Before the end: why the last try failed, for workers and operators; the customer's message comes with the end.
  constraint video_render_jobs_error_check check (case
    when status = 'failed' then num_nonnulls(error_class, error_code, error_message) = 3
    when status in ('queued', 'running') then num_nonnulls(error_class, error_code) <> 1 and error_message is null
    else num_nonnulls(error_class, error_code, error_message) = 0 end),
  constraint video_render_jobs_lease_check check (
    num_nonnulls(lease_expires_at, worker_id, deadline_at) = case when status = 'running' then 3 else 0 end),
  constraint video_render_jobs_started_check check (status not in ('running', 'succeeded') or started_at is not null),
  constraint video_render_jobs_finished_check check (
    (finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled'))),
  constraint video_render_jobs_cancel_check check (case status
    when 'queued' then cancel_requested_at is null
    when 'cancelled' then cancel_requested_at is not null
    else true end),
  constraint video_render_jobs_spool_check check (case status
    when 'queued' then (spool_id is null) = (spool_retry_at is null)
    when 'running' then spool_retry_at is null
    else spool_id is null and spool_retry_at is null end),
  constraint video_render_jobs_moments_check check (
    -- A moment outside of these, infinity above all, is one that the programs that read it cannot hold.
    least(run_after, cancel_requested_at, lease_expires_at, deadline_at, spool_retry_at, output_expired_at, created_at,
          started_at, finished_at, updated_at) >= '1970-01-01 00:00:00Z'
    and greatest(run_after, cancel_requested_at, lease_expires_at, deadline_at, spool_retry_at, output_expired_at,
                 created_at, started_at, finished_at, updated_at) < '9999-01-01 00:00:00Z'),
  constraint video_render_jobs_output_check check (
    num_nonnulls(output_key, output_sha256, output_bytes, output_duration_ms, thumbnail_key, render_version)
      = case when status = 'succeeded' then 6 else 0 end),
  constraint video_render_jobs_output_sha256_check check (output_sha256 ~ '^[0-9a-f]{64}$'),
  constraint video_render_jobs_output_bytes_check check (output_bytes > 0),
  constraint video_render_jobs_output_duration_ms_check check (output_duration_ms > 0),
  constraint video_render_jobs_output_expired_check check (output_expired_at is null or status = 'succeeded')
) with (
  -- Room on each page for the next version of a row, so that heartbeats, which touch no indexed column, stay on it.
  fillfactor = 80,
  -- A queue's dead rows lie exactly where the next claim looks; a share of millions of finished rows would come too late.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);

create index video_render_jobs_company_created_idx on video_render_jobs (company_id, created_at desc, id desc);
create index video_render_jobs_company_entity_idx on video_render_jobs (company_id, entity_id, created_at desc, id desc);
create index video_render_jobs_entity_created_idx on video_render_jobs (entity_type, entity_id, created_at desc);
create index video_render_jobs_status_created_idx on video_render_jobs (status, created_at);
create index video_render_jobs_claim_idx on video_render_jobs (company_id, run_after, created_at, id)
  where status = 'queued';
create index video_render_jobs_spool_idx on video_render_jobs (spool_id, spool_retry_at)
  where status = 'queued' and spool_id is not null;
create unique index video_render_jobs_active_key
  on video_render_jobs (company_id, entity_type, entity_id, template, snapshot_hash)
  where status in ('queued', 'running');
create unique index video_render_jobs_retry_of_key on video_render_jobs (retry_of) where retry_of is not null;
create index video_render_jobs_reuse_idx on video_render_jobs (company_id, template, snapshot_hash, finished_at desc)
  where status = 'succeeded' and output_expired_at is null;
create index video_render_jobs_retention_idx on video_render_jobs (status, finished_at) where finished_at is not null;

comment on table video_render_jobs is 'One render of one quote. The row is the truth: the queue, the lease and the result.';
comment on column video_render_jobs.id is 'Job. Made by the program as UUID version 7, so that ids sort by time.';
comment on column video_render_jobs.organization_id is
  'Organization of the company. Null in rows from before organizations: a scope that names an organization does not see '
  'them, one that names the company alone sees all of its rows.';
comment on column video_render_jobs.company_id is 'Tenant. Row-level security compares it with the setting app.company_id.';
comment on column video_render_jobs.entity_type is 'Kind of thing that is shown: QUOTE.';
comment on column video_render_jobs.entity_id is 'Which one: the quote''s id.';
comment on column video_render_jobs.template is 'Name of the template.';
comment on column video_render_jobs.input_json is 'Snapshot of the quote, as it is shown. Never changes.';
comment on column video_render_jobs.snapshot_hash is 'SHA-256 of input_json, by the database.';
comment on column video_render_jobs.idempotency_key is 'Given by the caller: a repeated request with this key finds the same row.';
comment on column video_render_jobs.created_by_id is 'User who asked.';
comment on column video_render_jobs.retry_of is 'The failed or cancelled job that this one tries again.';
comment on column video_render_jobs.retries is 'Length of the chain of retries that leads here.';
comment on column video_render_jobs.credits_held is '1 when a credit was frozen for this job.';
comment on column video_render_jobs.status is
  'queued waits for a worker; running is held by one; succeeded, failed and cancelled are final.';
comment on column video_render_jobs.stage is 'What is to be done next: render, upload, finalize.';
comment on column video_render_jobs.progress is '0 to 100.';
comment on column video_render_jobs.attempts is 'Claims, less those that were given back untouched.';
comment on column video_render_jobs.render_attempts is 'Renders begun.';
comment on column video_render_jobs.upload_attempts is 'Uploads begun.';
comment on column video_render_jobs.rescue_count is 'Times that the job was taken from a dead worker, by the reconciler or with its finished file.';
comment on column video_render_jobs.run_after is 'Nobody claims it before, but for the worker whose spool has its file.';
comment on column video_render_jobs.cancel_requested_at is 'When a tenant asked to stop; the worker sees it with its next heartbeat.';
comment on column video_render_jobs.error_class is
  'Whose fault: user (the input), system, config (an operator''s). Of a queued or running job: of its last try.';
comment on column video_render_jobs.error_code is 'Which failure, a stable word. Of a queued or running job: its last try''s.';
comment on column video_render_jobs.error_message is 'What the customer may read, in the snapshot''s language.';
comment on column video_render_jobs.lease_epoch is 'Counts claims and never goes back; every write of a worker names its own.';
comment on column video_render_jobs.lease_expires_at is 'When the lease ends without a heartbeat.';
comment on column video_render_jobs.worker_id is 'Who holds the lease.';
comment on column video_render_jobs.deadline_at is 'When the lease ends whatever the heartbeat says.';
comment on column video_render_jobs.spool_id is 'While running: the worker''s spool. While queued: the spool where the finished file waits.';
comment on column video_render_jobs.spool_retry_at is 'When the worker of that spool may take a queued job again.';
comment on column video_render_jobs.output_key is 'Object key of the video. Addresses are signed on request, never stored.';
comment on column video_render_jobs.output_sha256 is 'SHA-256 of the video.';
comment on column video_render_jobs.output_bytes is 'Size of the video in bytes.';
comment on column video_render_jobs.output_duration_ms is 'Length of the video in milliseconds.';
comment on column video_render_jobs.thumbnail_key is 'Object key of the thumbnail.';
comment on column video_render_jobs.render_version is 'Engine and template that made it.';
comment on column video_render_jobs.output_expired_at is 'When retention removed the objects.';
comment on column video_render_jobs.created_at is 'When it was enqueued.';
comment on column video_render_jobs.started_at is 'When it was first claimed.';
comment on column video_render_jobs.finished_at is 'When it became final.';
comment on column video_render_jobs.updated_at is 'When the row last changed.';

create table video_render_lanes (
  company_id text not null,
  queued bigint not null default 0,
  running bigint not null default 0,
  head_at timestamptz,
  constraint video_render_lanes_pkey primary key (company_id),
  constraint video_render_lanes_queued_check check (queued >= 0),
  constraint video_render_lanes_running_check check (running >= 0)
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000
);
create index video_render_lanes_next_idx on video_render_lanes (running, head_at, company_id) where queued > 0;
comment on table video_render_lanes is
  'One line a company, kept by triggers on video_render_jobs: who is next, without looking at every queued row.';
comment on column video_render_lanes.company_id is 'Company.';
comment on column video_render_lanes.queued is 'Its queued jobs.';
comment on column video_render_lanes.running is 'Its running jobs.';
comment on column video_render_lanes.head_at is 'Least run_after of its queued jobs, or earlier; never later.';

create table video_render_events (
  id bigint generated always as identity,
  job_id uuid not null,
  company_id text not null,
  organization_id text,
  kind text not null,
  old_status text,
  new_status text not null,
  source text not null,
  correlation_id text not null default '',
  detail jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  constraint video_render_events_pkey primary key (id),
  constraint video_render_events_job_id_fkey foreign key (company_id, job_id)
    references video_render_jobs (company_id, id) on delete cascade,
  constraint video_render_events_kind_check check (kind in (
    'VIDEO_RENDER_REQUESTED', 'VIDEO_RENDER_STARTED', 'VIDEO_RENDER_SUCCEEDED', 'VIDEO_RENDER_FAILED',
    'VIDEO_RENDER_CANCELLED', 'VIDEO_RENDER_RETRIED', 'VIDEO_RENDER_RECONCILED')),
  constraint video_render_events_old_status_check check (
    old_status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  constraint video_render_events_new_status_check check (
    new_status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  constraint video_render_events_source_check check (source in ('tenant', 'worker', 'reconciler', 'operator')),
  constraint video_render_events_detail_check check (jsonb_typeof(detail) = 'object')
);
create index video_render_events_job_idx on video_render_events (job_id, id);
comment on table video_render_events is 'History of the jobs; lines are added and never changed.';
comment on column video_render_events.id is 'Order of the history.';
comment on column video_render_events.job_id is 'Job.';
comment on column video_render_events.company_id is 'Whose, as in the job.';
comment on column video_render_events.organization_id is 'Whose, as in the job.';
comment on column video_render_events.kind is 'What happened.';
comment on column video_render_events.old_status is 'Status before; null for the first event.';
comment on column video_render_events.new_status is 'Status after.';
comment on column video_render_events.source is 'Who did it.';
comment on column video_render_events.correlation_id is 'Ties together what one request or one claim did.';
comment on column video_render_events.detail is 'Further facts that tenants may read: epoch, attempt, class and code of a failure, fixed words.';
comment on column video_render_events.created_at is 'When.';

create table tenant_credits (
  company_id text not null,
  balance bigint not null,
  frozen bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint tenant_credits_pkey primary key (company_id),
  constraint tenant_credits_balance_check check (balance >= 0),
  constraint tenant_credits_frozen_check check (frozen between 0 and balance)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
comment on table tenant_credits is 'Credits of companies that have some; a company without a row may render without limit.';
comment on column tenant_credits.company_id is 'Company.';
comment on column tenant_credits.balance is 'Granted and not yet paid. Always the sum of balance_delta in credit_entries.';
comment on column tenant_credits.frozen is
  'Of these, held for jobs that have not ended. Always the sum of frozen_delta in credit_entries.';
comment on column tenant_credits.updated_at is 'When the row last changed.';

create table credit_entries (
  id bigint generated always as identity,
  company_id text not null,
  job_id uuid,
  kind text not null,
  balance_delta bigint not null,
  frozen_delta bigint not null,
  reference text,
  created_at timestamptz not null default now(),
  constraint credit_entries_pkey primary key (id),
  constraint credit_entries_company_id_fkey foreign key (company_id) references tenant_credits (company_id),
  constraint credit_entries_job_kind_key unique (job_id, kind),
  constraint credit_entries_reference_key unique (company_id, reference),
  constraint credit_entries_kind_check check (kind in ('grant', 'freeze', 'capture', 'release', 'refund')),
  constraint credit_entries_source_check check (
    (kind = 'grant') = (reference is not null) and (kind = 'grant') = (job_id is null)),
  constraint credit_entries_delta_check check (case kind
    when 'grant' then balance_delta <> 0 and frozen_delta = 0
    when 'freeze' then balance_delta = 0 and frozen_delta = 1
    when 'capture' then balance_delta = -1 and frozen_delta = -1
    when 'release' then balance_delta = 0 and frozen_delta = -1
    else balance_delta = 1 and frozen_delta = 0 end)
);
create unique index credit_entries_settled_key on credit_entries (job_id) where kind in ('capture', 'release');
comment on table credit_entries is 'Ledger of credits; lines are added and never changed. Outlives the jobs it names.';
comment on column credit_entries.id is 'Order of the ledger.';
comment on column credit_entries.company_id is 'Company.';
comment on column credit_entries.job_id is 'Job, but for grants. No foreign key: the ledger outlives the job.';
comment on column credit_entries.kind is
  'grant; freeze when a job is enqueued; capture when it succeeds; release when it does not; refund when its video is lost.';
comment on column credit_entries.balance_delta is 'What the line adds to balance.';
comment on column credit_entries.frozen_delta is 'What the line adds to frozen.';
comment on column credit_entries.reference is 'Of a grant: makes it happen once.';
comment on column credit_entries.created_at is 'When.';

create table webhook_endpoints (
  company_id text not null,
  url text not null,
  secret bytea not null,
  enabled boolean not null default true,
  updated_at timestamptz not null default now(),
  constraint webhook_endpoints_pkey primary key (company_id),
  constraint webhook_endpoints_url_check check (url ~ '^https?://' and char_length(url) <= 2048),
  constraint webhook_endpoints_secret_check check (octet_length(secret) between 24 and 64)
);
comment on table webhook_endpoints is 'Where a company''s webhooks go. Tenants cannot read it: it holds the signing key.';
comment on column webhook_endpoints.company_id is 'Company.';
comment on column webhook_endpoints.url is 'Address.';
comment on column webhook_endpoints.secret is 'Key of the signatures, 24 to 64 bytes.';
comment on column webhook_endpoints.enabled is 'False once the receiver has answered 410.';
comment on column webhook_endpoints.updated_at is 'When the row last changed.';

create table webhook_deliveries (
  id uuid not null default gen_random_uuid(),
  job_id uuid not null,
  company_id text not null,
  organization_id text,
  payload text not null,
  status text not null default 'pending',
  attempts integer not null default 0,
  epoch bigint not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint webhook_deliveries_pkey primary key (id),
  constraint webhook_deliveries_job_id_fkey foreign key (company_id, job_id)
    references video_render_jobs (company_id, id) on delete cascade,
  constraint webhook_deliveries_payload_check check (octet_length(payload) < 20000),
  constraint webhook_deliveries_status_check check (status in ('pending', 'delivered', 'given_up')),
  constraint webhook_deliveries_attempts_check check (attempts >= 0),
  constraint webhook_deliveries_epoch_check check (epoch >= 0),
  constraint webhook_deliveries_finished_check check ((finished_at is null) = (status = 'pending'))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
create index webhook_deliveries_due_idx on webhook_deliveries (company_id, next_attempt_at, id) where status = 'pending';
create index webhook_deliveries_job_idx on webhook_deliveries (job_id);
comment on table webhook_deliveries is 'Outbox: written in the transaction that ends a job, sent afterwards.';
comment on column webhook_deliveries.id is 'The receiver''s idempotency key, the same over all tries.';
comment on column webhook_deliveries.job_id is 'Job.';
comment on column webhook_deliveries.company_id is 'Whose, as in the job.';
comment on column webhook_deliveries.organization_id is 'Whose, as in the job.';
comment on column webhook_deliveries.payload is 'Body, byte for byte as it is signed.';
comment on column webhook_deliveries.status is 'pending, delivered or given_up.';
comment on column webhook_deliveries.attempts is 'Tries begun.';
comment on column webhook_deliveries.epoch is 'Counts claims; guards the answer.';
comment on column webhook_deliveries.next_attempt_at is 'Not before; while somebody tries, when another may.';
comment on column webhook_deliveries.last_error is 'Why the last try failed.';
comment on column webhook_deliveries.created_at is 'When the job ended.';
comment on column webhook_deliveries.finished_at is 'When it was delivered or given up.';

create table maintenance_duties (
  duty text not null,
  taken_at timestamptz not null,
  constraint maintenance_duties_pkey primary key (duty)
);
comment on table maintenance_duties is 'When each duty was last taken on, so that one worker does it and not all.';
comment on column maintenance_duties.duty is 'Duty.';
comment on column maintenance_duties.taken_at is 'When somebody last took it on.';

create table maintenance_runs (
  id bigint generated always as identity,
  duty text not null,
  worker_id text not null,
  took_ms bigint not null,
  corrected bigint not null,
  errors jsonb not null default '[]',
  finished_at timestamptz not null default now(),
  constraint maintenance_runs_pkey primary key (id),
  constraint maintenance_runs_took_ms_check check (took_ms >= 0),
  constraint maintenance_runs_corrected_check check (corrected >= 0),
  constraint maintenance_runs_errors_check check (jsonb_typeof(errors) = 'array')
);
create index maintenance_runs_duty_idx on maintenance_runs (duty, finished_at desc);
comment on table maintenance_runs is 'Which duty ran, when, on how many rows, with what errors.';
comment on column maintenance_runs.id is 'Order.';
comment on column maintenance_runs.duty is 'Duty.';
comment on column maintenance_runs.worker_id is 'Who ran it.';
comment on column maintenance_runs.took_ms is 'How long it took, in milliseconds.';
comment on column maintenance_runs.corrected is 'Rows or objects it corrected.';
comment on column maintenance_runs.errors is 'What went wrong: an array of texts, empty when nothing did.';
comment on column maintenance_runs.finished_at is 'When it ended.';

create table video_render_templates (
  template text not null,
  render_version text not null,
  updated_at timestamptz not null default now(),
  constraint video_render_templates_pkey primary key (template)
);
comment on table video_render_templates is 'What the present engine makes of each template; equal versions make equal videos.';
comment on column video_render_templates.template is 'Name of the template.';
comment on column video_render_templates.render_version is 'Changes whenever the picture may.';
comment on column video_render_templates.updated_at is 'When a worker last registered it.';

-- The rows of render jobs and what hangs on them; the same tables, columns and names of constraints as in PostgreSQL.
-- Times are whole milliseconds since 1970, UTC. Ids are UUIDs as text, lower case, so that they sort as they do there.

create table video_render_jobs (
  id text not null,
  organization_id text,
  company_id text not null,
  entity_type text not null default 'QUOTE',
  entity_id text not null,
  template text not null,
  input_json text not null,
  -- SQLite has no SHA-256: the program computes it.
  snapshot_hash text not null,
  idempotency_key text,
  created_by_id text,
  retry_of text,
  retries integer not null default 0,
  credits_held integer not null default 0,

  status text not null default 'queued',
  stage text not null default 'render',
  progress integer not null default 0,
  attempts integer not null default 0,
  render_attempts integer not null default 0,
  upload_attempts integer not null default 0,
  rescue_count integer not null default 0,
  run_after integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  cancel_requested_at integer,
  error_class text,
  error_code text,
  error_message text,

  lease_epoch integer not null default 0,
  lease_expires_at integer,
  worker_id text,
  deadline_at integer,
  spool_id text,
  spool_retry_at integer,

  output_key text,
  output_sha256 text,
  output_bytes integer,
  output_duration_ms integer,
  thumbnail_key text,
  render_version text,
  output_expired_at integer,

  created_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  started_at integer,
  finished_at integer,
  updated_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),

  constraint video_render_jobs_pkey primary key (id),
  -- What points to a job names its company too (retry_of: by a trigger, since `set null` would take the company along).
  constraint video_render_jobs_company_key unique (company_id, id),
  constraint video_render_jobs_retry_of_fkey foreign key (retry_of) references video_render_jobs (id) on delete set null,
  constraint video_render_jobs_idempotency_key unique (company_id, idempotency_key),

  constraint video_render_jobs_id_check check (length(id) = 36 and id not glob '*[^0-9a-f-]*'),
  constraint video_render_jobs_organization_id_check check (
    length(organization_id) between 1 and 128 and organization_id not glob '*[^A-Za-z0-9._:-]*'
    and organization_id not glob '.*'),
  constraint video_render_jobs_company_id_check check (
    length(company_id) between 1 and 128 and company_id not glob '*[^A-Za-z0-9._:-]*' and company_id not glob '.*'),
  constraint video_render_jobs_entity_type_check check (
    length(entity_type) between 1 and 32 and entity_type glob '[A-Z]*' and entity_type not glob '*[^A-Z0-9_]*'),
  constraint video_render_jobs_entity_id_check check (
    length(entity_id) between 1 and 128 and entity_id not glob '*[^A-Za-z0-9._:-]*' and entity_id not glob '.*'),
  constraint video_render_jobs_template_check check (length(template) between 1 and 128),
  constraint video_render_jobs_input_json_check check (json_valid(input_json) and json_type(input_json) = 'object'),
  -- 8 MiB: what a reader of snapshots takes (src/snapshot/limits.rs).
  constraint video_render_jobs_input_json_size_check check (octet_length(input_json) <= 8388608),
  constraint video_render_jobs_snapshot_hash_check check (
    length(snapshot_hash) = 64 and snapshot_hash not glob '*[^0-9a-f]*'),
  constraint video_render_jobs_idempotency_key_check check (length(idempotency_key) between 1 and 255),
  constraint video_render_jobs_created_by_id_check check (length(created_by_id) between 1 and 255),
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
    when status = 'failed' then error_class is not null and error_code is not null and error_message is not null
    when status in ('queued', 'running')
      then (error_class is null) = (error_code is null) and error_message is null
    else error_class is null and error_code is null and error_message is null end),
  constraint video_render_jobs_lease_check check (
    (lease_expires_at is not null) + (worker_id is not null) + (deadline_at is not null)
      = case when status = 'running' then 3 else 0 end),
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
    -- From 1970 to 9998: what is outside of these, the programs that read it cannot hold.
    min(run_after, created_at, updated_at, coalesce(cancel_requested_at, 0), coalesce(lease_expires_at, 0),
        coalesce(deadline_at, 0), coalesce(spool_retry_at, 0), coalesce(output_expired_at, 0), coalesce(started_at, 0),
        coalesce(finished_at, 0)) >= 0
    and max(run_after, created_at, updated_at, coalesce(cancel_requested_at, 0), coalesce(lease_expires_at, 0),
        coalesce(deadline_at, 0), coalesce(spool_retry_at, 0), coalesce(output_expired_at, 0), coalesce(started_at, 0),
        coalesce(finished_at, 0)) < 253370764800000),
  constraint video_render_jobs_output_check check (
    (output_key is not null) + (output_sha256 is not null) + (output_bytes is not null)
      + (output_duration_ms is not null) + (thumbnail_key is not null) + (render_version is not null)
      = case when status = 'succeeded' then 6 else 0 end),
  constraint video_render_jobs_output_sha256_check check (
    length(output_sha256) = 64 and output_sha256 not glob '*[^0-9a-f]*'),
  constraint video_render_jobs_output_bytes_check check (output_bytes > 0),
  constraint video_render_jobs_output_duration_ms_check check (output_duration_ms > 0),
  constraint video_render_jobs_output_expired_check check (output_expired_at is null or status = 'succeeded')
) strict;

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

-- One line a company, kept by triggers: who is next, without looking at every queued row.
create table video_render_lanes (
  company_id text not null,
  queued integer not null default 0,
  running integer not null default 0,
  head_at integer,
  constraint video_render_lanes_pkey primary key (company_id),
  constraint video_render_lanes_queued_check check (queued >= 0),
  constraint video_render_lanes_running_check check (running >= 0)
) strict, without rowid;
create index video_render_lanes_next_idx on video_render_lanes (running, head_at, company_id) where queued > 0;

-- History of the jobs; lines are added and never changed.
create table video_render_events (
  id integer not null,
  job_id text not null,
  company_id text not null,
  organization_id text,
  kind text not null,
  old_status text,
  new_status text not null,
  source text not null,
  correlation_id text not null default '',
  detail text not null default '{}',
  created_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  constraint video_render_events_pkey primary key (id autoincrement),
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
  constraint video_render_events_detail_check check (json_valid(detail) and json_type(detail) = 'object')
) strict;
create index video_render_events_job_idx on video_render_events (job_id, id);

-- Credits of companies that have some; a company without a row may render without limit.
create table tenant_credits (
  company_id text not null,
  balance integer not null,
  frozen integer not null default 0,
  updated_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  constraint tenant_credits_pkey primary key (company_id),
  constraint tenant_credits_balance_check check (balance >= 0),
  constraint tenant_credits_frozen_check check (frozen between 0 and balance)
) strict, without rowid;

-- Ledger of credits; lines are added and never changed. No foreign key to the job, which it outlives.
create table credit_entries (
  id integer not null,
  company_id text not null,
  job_id text,
  kind text not null,
  balance_delta integer not null,
  frozen_delta integer not null,
  reference text,
  created_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  constraint credit_entries_pkey primary key (id autoincrement),
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
) strict;
create unique index credit_entries_settled_key on credit_entries (job_id) where kind in ('capture', 'release');

-- Where a company's webhooks go.
create table webhook_endpoints (
  company_id text not null,
  url text not null,
  secret blob not null,
  enabled integer not null default 1,
  updated_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  constraint webhook_endpoints_pkey primary key (company_id),
  constraint webhook_endpoints_url_check check ((url glob 'http://*' or url glob 'https://*') and length(url) <= 2048),
  constraint webhook_endpoints_secret_check check (length(secret) between 24 and 64),
  constraint webhook_endpoints_enabled_check check (enabled in (0, 1))
) strict, without rowid;

-- Outbox: written in the transaction that ends a job, sent afterwards.
create table webhook_deliveries (
  id text not null,
  job_id text not null,
  company_id text not null,
  organization_id text,
  payload text not null,
  status text not null default 'pending',
  attempts integer not null default 0,
  epoch integer not null default 0,
  next_attempt_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  last_error text,
  created_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  finished_at integer,
  constraint webhook_deliveries_pkey primary key (id),
  constraint webhook_deliveries_job_id_fkey foreign key (company_id, job_id)
    references video_render_jobs (company_id, id) on delete cascade,
  constraint webhook_deliveries_payload_check check (octet_length(payload) < 20000),
  constraint webhook_deliveries_status_check check (status in ('pending', 'delivered', 'given_up')),
  constraint webhook_deliveries_attempts_check check (attempts >= 0),
  constraint webhook_deliveries_epoch_check check (epoch >= 0),
  constraint webhook_deliveries_finished_check check ((finished_at is null) = (status = 'pending'))
) strict;
create index webhook_deliveries_due_idx on webhook_deliveries (company_id, next_attempt_at, created_at, id)
  where status = 'pending';
create index webhook_deliveries_job_idx on webhook_deliveries (job_id);

-- When each duty was last taken on, so that one worker does it and not all.
create table maintenance_duties (
  duty text not null,
  taken_at integer not null,
  constraint maintenance_duties_pkey primary key (duty)
) strict, without rowid;

-- Which duty ran, when, on how many rows, with what errors.
create table maintenance_runs (
  id integer not null,
  duty text not null,
  worker_id text not null,
  took_ms integer not null,
  corrected integer not null,
  errors text not null default '[]',
  finished_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  constraint maintenance_runs_pkey primary key (id autoincrement),
  constraint maintenance_runs_took_ms_check check (took_ms >= 0),
  constraint maintenance_runs_corrected_check check (corrected >= 0),
  constraint maintenance_runs_errors_check check (json_valid(errors) and json_type(errors) = 'array')
) strict;
create index maintenance_runs_duty_idx on maintenance_runs (duty, finished_at desc);

-- What the present engine makes of each template; equal versions make equal videos.
create table video_render_templates (
  template text not null,
  render_version text not null,
  updated_at integer not null default (cast(round(unixepoch('subsec') * 1000) as integer)),
  constraint video_render_templates_pkey primary key (template)
) strict, without rowid;

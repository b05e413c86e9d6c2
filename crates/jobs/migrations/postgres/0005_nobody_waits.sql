-- Nobody waits for somebody else's transaction. A backend may enqueue and cancel in a transaction of its own that stays open
-- for long, and what it holds locked until then must not be what a worker or another company needs. So each row is written
-- by one side only: what backends change of the lanes is appended and folded by the workers; of the credits, backends write
-- the holds and workers the rest; a running job's row is its worker's, and a cancel request is a row of its own.
--
-- Locks are taken in one order everywhere: advisory (entity), job row, lane, holds, credits.

-- --- lanes: appended by triggers, folded before claims ---

create table video_render_lane_changes (
  id bigint generated always as identity,
  company_id text not null,
  queued bigint not null,
  running bigint not null,
  head_at timestamptz,
  constraint video_render_lane_changes_pkey primary key (id)
) with (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
create index video_render_lane_changes_company_idx on video_render_lane_changes (company_id);
comment on table video_render_lane_changes is
  'What the lanes do not contain yet: a line for each job that came, moved or went, until a worker adds it to its lane.';
comment on column video_render_lane_changes.id is 'Order.';
comment on column video_render_lane_changes.company_id is 'Company.';
comment on column video_render_lane_changes.queued is 'Queued jobs more, or fewer.';
comment on column video_render_lane_changes.running is 'Running jobs more, or fewer.';
comment on column video_render_lane_changes.head_at is 'Least run_after of the jobs that are queued now.';
comment on table video_render_lanes is
  'One line a company: who is next, without looking at every queued row. Together with video_render_lane_changes it counts '
  'exactly. Written by workers alone.';

-- One of two workers may add a job that goes before the other adds the one that came.
alter table video_render_lanes drop constraint video_render_lanes_queued_check,
  drop constraint video_render_lanes_running_check;

create or replace function video_render_lanes_inserted() returns trigger
language plpgsql security definer
as $$
begin
  insert into video_render_lane_changes (company_id, queued, running, head_at)
  select company_id, count(*) filter (where status = 'queued'), count(*) filter (where status = 'running'),
         min(run_after) filter (where status = 'queued')
  from inserted where status in ('queued', 'running') group by company_id;
  return null;
end
$$;

create or replace function video_render_lanes_moved() returns trigger
language plpgsql security definer
as $$
begin
  insert into video_render_lane_changes (company_id, queued, running, head_at)
  values (new.company_id,
    (new.status = 'queued')::int - (old.status = 'queued')::int,
    (new.status = 'running')::int - (old.status = 'running')::int,
    case when new.status = 'queued' then new.run_after end);
  return null;
end
$$;

create or replace function video_render_lanes_deleted() returns trigger
language plpgsql security definer
as $$
begin
  insert into video_render_lane_changes (company_id, queued, running)
  select company_id, -count(*) filter (where status = 'queued'), -count(*) filter (where status = 'running')
  from deleted where status in ('queued', 'running') group by company_id;
  -- Rows that were deleted by hand before they ended: what was frozen for them becomes available again.
  with released as (
    insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta)
    select company_id, id, 'release', 0, -1 from deleted
    where status in ('queued', 'running') and credits_held > 0
      and exists (select from credit_entries entry
                  where entry.job_id = deleted.id and entry.company_id = deleted.company_id and entry.kind = 'freeze')
    order by company_id
    returning company_id
  )
  update tenant_credit_holds holds set frozen = holds.frozen - gone.jobs, updated_at = now()
    from (select company_id, count(*) as jobs from released group by company_id) gone
    where holds.company_id = gone.company_id;
  return null;
end
$$;

-- A statement of its own before each claim: the claim then holds one lane at a time, and only for as long as it takes.
create function fold_video_render_lanes(p_limit integer default 1000) returns bigint
language plpgsql security definer
set lock_timeout = '250ms' -- waits for lanes only as long as a few claims take
as $$
declare
  v_folded bigint;
begin
  with next as materialized (
    select id from video_render_lane_changes order by id limit p_limit for update skip locked
  ), taken as (
    delete from video_render_lane_changes change using next where change.id = next.id
    returning change.company_id, change.queued, change.running, change.head_at
  ), folded as (
    insert into video_render_lanes as lane (company_id, queued, running, head_at)
    select company_id, sum(queued), sum(running), min(head_at) from taken group by company_id order by company_id
    on conflict (company_id) do update
      set queued = lane.queued + excluded.queued, running = lane.running + excluded.running,
          head_at = least(lane.head_at, excluded.head_at)
  )
  select count(*) into v_folded from taken;
  return v_folded;
exception when lock_not_available then
  return 0; -- a claim's worker is slow: the next fold finds the same changes
end
$$;
comment on function fold_video_render_lanes is
  'Adds up to p_limit changes to their lanes; returns how many. Safe beside everything else.';

create or replace function recount_video_render_lanes() returns bigint
language plpgsql security definer
as $$
declare
  v_company text;
  v_corrected bigint := 0;
begin
  insert into video_render_lanes (company_id)
  select distinct company_id from video_render_jobs where status in ('queued', 'running') order by company_id
  on conflict (company_id) do nothing;
  for v_company in
    -- One statement sees rows, lanes and changes of the same moment.
    select lane.company_id
    from video_render_lanes lane
    left join (select company_id, count(*) filter (where status = 'queued') as queued,
                      count(*) filter (where status = 'running') as running,
                      min(run_after) filter (where status = 'queued') as head_at
               from video_render_jobs where status in ('queued', 'running') group by company_id) truth using (company_id)
    left join (select company_id, sum(queued) as queued, sum(running) as running, min(head_at) as head_at
               from video_render_lane_changes group by company_id) change using (company_id)
    where lane.queued + coalesce(change.queued, 0) <> coalesce(truth.queued, 0)
      or lane.running + coalesce(change.running, 0) <> coalesce(truth.running, 0)
      or least(lane.head_at, change.head_at) is distinct from truth.head_at
    order by lane.company_id
  loop
    -- Whoever folds changes of this company waits here, and adds them to what is written now.
    perform from video_render_lanes where company_id = v_company for update;
    update video_render_lanes lane
      set queued = truth.queued - change.queued, running = truth.running - change.running, head_at = truth.head_at
      from (select count(*) filter (where status = 'queued') as queued,
                   count(*) filter (where status = 'running') as running,
                   min(run_after) filter (where status = 'queued') as head_at
            from video_render_jobs where company_id = v_company and status in ('queued', 'running')) truth,
           (select coalesce(sum(queued), 0) as queued, coalesce(sum(running), 0) as running
            from video_render_lane_changes where company_id = v_company) change
      where lane.company_id = v_company
        and (lane.queued, lane.running) is distinct from (truth.queued - change.queued, truth.running - change.running);
    if found then
      v_corrected := v_corrected + 1;
    else
      update video_render_lanes lane set head_at = truth.head_at
        from (select min(run_after) as head_at from video_render_jobs
              where company_id = v_company and status = 'queued') truth
        where lane.company_id = v_company and lane.head_at is distinct from truth.head_at;
    end if;
  end loop;
  return v_corrected;
end
$$;

-- --- credits: backends write the holds, workers the balance and what is settled ---

create table tenant_credit_holds (
  company_id text not null,
  frozen bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint tenant_credit_holds_pkey primary key (company_id),
  constraint tenant_credit_holds_company_id_fkey foreign key (company_id) references tenant_credits (company_id)
    on delete cascade,
  constraint tenant_credit_holds_frozen_check check (frozen >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
comment on table tenant_credit_holds is
  'Credits that were frozen, less those of jobs that were cancelled while they waited. Written by whoever enqueues or '
  'cancels: its lock makes one company''s enqueues wait for each other, and nobody else.';
comment on column tenant_credit_holds.company_id is 'Company.';
comment on column tenant_credit_holds.frozen is 'Credits frozen ever. Frozen now is this less tenant_credits.settled.';
comment on column tenant_credit_holds.updated_at is 'When the row last changed.';

insert into tenant_credit_holds (company_id, frozen) select company_id, frozen from tenant_credits order by company_id;

alter table tenant_credits drop column frozen, add column settled bigint not null default 0,
  add constraint tenant_credits_settled_check check (settled >= 0);
comment on table tenant_credits is
  'Credits of companies that have some; a company without a row may render without limit. Written by workers and grants.';
comment on column tenant_credits.settled is
  'Of tenant_credit_holds.frozen: captured or released by a worker. video_render_credits() does the sum.';

create function video_render_credits(p_company_id text)
returns table (balance bigint, frozen bigint, available bigint)
language sql stable
as $$
  select credits.balance, holds.frozen - credits.settled, credits.balance - (holds.frozen - credits.settled)
  from tenant_credits credits join tenant_credit_holds holds using (company_id)
  where credits.company_id = p_company_id
$$;
comment on function video_render_credits is
  'Credits of a company: balance (granted and not yet paid), frozen (of these, held for jobs that have not ended) and '
  'available (balance less frozen). No row: it renders without limit.';

-- --- cancel requests: a running job's row is its worker's ---

create table video_render_cancel_requests (
  job_id uuid not null,
  company_id text not null,
  organization_id text,
  correlation_id text not null default '',
  requested_at timestamptz not null default now(),
  constraint video_render_cancel_requests_pkey primary key (job_id),
  constraint video_render_cancel_requests_job_id_fkey foreign key (company_id, job_id)
    references video_render_jobs (company_id, id) on delete cascade
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
comment on table video_render_cancel_requests is
  'Running jobs that a tenant asked to stop. The worker''s next write carries the request over to the job''s own row.';
comment on column video_render_cancel_requests.job_id is 'Job.';
comment on column video_render_cancel_requests.company_id is 'Whose, as in the job.';
comment on column video_render_cancel_requests.organization_id is 'Whose, as in the job.';
comment on column video_render_cancel_requests.correlation_id is 'Of the request.';
comment on column video_render_cancel_requests.requested_at is 'When.';

-- Whoever writes a job that is under way carries its request over; who would give it back to the queue ends it instead.
create function video_render_jobs_cancel_requested() returns trigger
language plpgsql security definer
as $$
declare
  v_requested_at timestamptz;
begin
  select requested_at into v_requested_at from video_render_cancel_requests where job_id = new.id;
  if not found then
    return new;
  end if;
  new.cancel_requested_at := v_requested_at;
  if new.status = 'queued' then
    new.status := 'cancelled';
    new.finished_at := now();
    new.run_after := old.run_after;
    new.attempts := old.attempts;
    new.stage := old.stage;
    new.progress := old.progress;
    new.spool_id := null;
    new.spool_retry_at := null;
    new.error_class := null;
    new.error_code := null;
    new.error_message := null;
  end if;
  return new;
end
$$;
create trigger video_render_jobs_1_cancel_requested before update on video_render_jobs
  for each row when (new.cancel_requested_at is null
    and (old.status = 'running' and new.status in ('running', 'queued') or old.status = 'queued' and new.status = 'running'))
  execute function video_render_jobs_cancel_requested();

-- --- the end of a job ---

create or replace function video_render_jobs_ended() returns trigger
language plpgsql security definer
as $$
declare
  v_kind text := case when old.status = 'succeeded' then 'refund' when new.status = 'succeeded' then 'capture'
                      else 'release' end;
begin
  -- A row that another program wrote as paid without freezing anything could never end otherwise.
  if new.credits_held > 0 and exists (select from credit_entries entry
      where entry.job_id = new.id and entry.company_id = new.company_id and entry.kind = 'freeze') then
    if current_setting('quotereel.cancels', true) = 'tenant' then -- in its transaction, which may stay open
      update tenant_credit_holds set frozen = frozen - 1, updated_at = now() where company_id = new.company_id;
    else
      update tenant_credits
        set balance = balance + case v_kind when 'capture' then -1 when 'refund' then 1 else 0 end,
            settled = settled + case v_kind when 'refund' then 0 else 1 end,
            updated_at = now()
        where company_id = new.company_id;
    end if;
    insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta)
    values (new.company_id, new.id, v_kind, case v_kind when 'capture' then -1 when 'refund' then 1 else 0 end,
            case v_kind when 'refund' then 0 else -1 end);
  end if;
  delete from video_render_cancel_requests where job_id = new.id;
  insert into webhook_deliveries (job_id, company_id, organization_id, payload)
  select new.id, new.company_id, new.organization_id, json_build_object(
      'type', 'VIDEO_RENDER_' || upper(new.status),
      'timestamp', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'data', json_build_object(
        'jobId', new.id, 'organizationId', new.organization_id, 'companyId', new.company_id,
        'entityType', new.entity_type, 'entityId', new.entity_id, 'template', new.template, 'status', new.status,
        'errorClass', new.error_class, 'errorCode', new.error_code, 'errorMessage', left(new.error_message, 2000),
        'outputDurationMs', new.output_duration_ms))::text
  from webhook_endpoints where company_id = new.company_id and enabled;
  return null;
end
$$;

-- --- enqueue, cancel, claim: as before, but for what stands above ---

create or replace function put_video_render(
  p_company_id text, p_organization_id text, p_entity_type text, p_entity_id text, p_template text, p_input jsonb,
  p_idempotency_key text, p_created_by_id text, p_correlation_id text, p_id uuid, p_retry_of uuid,
  p_run_after timestamptz)
returns text
language plpgsql security definer
as $$
declare
  v_organization text := nullif(current_setting('app.organization_id', true), '');
  v_retries integer := 0;
  v_old text;
  v_limited boolean;
  v_table text;
  v_column text;
  v_constraint text;
begin
  if p_company_id is distinct from nullif(current_setting('app.company_id', true), '') then
    raise exception 'company % is not the one in app.company_id', p_company_id using errcode = '42501';
  end if;
  if v_organization is not null and p_organization_id is distinct from v_organization then
    raise exception 'organization % is not the one in app.organization_id', p_organization_id using errcode = '42501';
  end if;
  if p_retry_of is not null then
    select job.retries + 1, job.status into v_retries, v_old from video_render_jobs job
      where job.id = p_retry_of and job.company_id = p_company_id
        and (v_organization is null or job.organization_id = v_organization);
    if not found then
      raise exception 'no job % of company % to retry', p_retry_of, p_company_id using errcode = 'P0002';
    end if;
  end if;
  select true into v_limited from tenant_credits where company_id = p_company_id;
  begin
    insert into video_render_jobs (id, organization_id, company_id, entity_type, entity_id, template, input_json,
        idempotency_key, created_by_id, retry_of, retries, credits_held, run_after)
      values (p_id, p_organization_id, p_company_id, p_entity_type, p_entity_id, p_template, p_input,
        p_idempotency_key, p_created_by_id, p_retry_of, v_retries, (v_limited is not null)::int,
        coalesce(p_run_after, clock_timestamp()))
      on conflict do nothing;
    if not found then
      -- What takes no advisory lock, or another entity with the same key, was quicker; or the caller may not see the row.
      return case
        when v_organization is null then 'conflict'
        when exists (select from video_render_jobs job
                     where job.company_id = p_company_id and job.idempotency_key = p_idempotency_key
                       and job.organization_id is distinct from v_organization) then 'key_reused'
        when exists (select from video_render_jobs job
                     where job.company_id = p_company_id and job.entity_type = p_entity_type
                       and job.entity_id = p_entity_id and job.template = p_template
                       and job.snapshot_hash = video_render_snapshot_hash(p_input)
                       and job.status in ('queued', 'running')
                       and job.organization_id is distinct from v_organization) then 'other_organization'
        else 'conflict' end;
    end if;
    if v_limited then
      -- The lock first, in a statement of its own: the next one then sees what its last holder committed. In a transaction
      -- with one snapshot it fails instead (40001) where another enqueue was quicker.
      perform from tenant_credit_holds holds where holds.company_id = p_company_id for update;
      update tenant_credit_holds holds set frozen = holds.frozen + 1, updated_at = now()
        from tenant_credits credits
        where holds.company_id = p_company_id and credits.company_id = p_company_id
          and credits.balance - (holds.frozen - credits.settled) >= 1;
      if not found then
        raise exception using errcode = 'QR001'; -- another enqueue took the last credit: undo the insert
      end if;
      insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta)
      values (p_company_id, p_id, 'freeze', 0, 1);
    end if;
  exception
    when sqlstate 'QR001' then
      return 'no_credits';
    when check_violation or not_null_violation then
      -- A value that no row takes: an answer, since an error would undo the caller's own transaction.
      get stacked diagnostics v_table = table_name, v_column = column_name, v_constraint = constraint_name;
      if v_table <> 'video_render_jobs' then
        raise;
      end if;
      return 'invalid ' || coalesce(nullif(v_column, ''), v_constraint);
  end;
  insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
      correlation_id, detail)
    values (p_id, p_company_id, p_organization_id, 'VIDEO_RENDER_REQUESTED', null, 'queued', 'tenant',
      coalesce(p_correlation_id, ''), case when p_retry_of is null then '{}' else jsonb_build_object('retryOf', p_retry_of) end);
  if p_retry_of is not null then
    insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
        correlation_id, detail)
      values (p_retry_of, p_company_id, p_organization_id, 'VIDEO_RENDER_RETRIED', v_old, v_old, 'tenant',
        coalesce(p_correlation_id, ''), jsonb_build_object('retriedAs', p_id));
  end if;
  return 'new';
end
$$;

create or replace function enqueue_video_render(
  p_company_id text, p_entity_id text, p_template text, p_input jsonb,
  p_organization_id text default null, p_entity_type text default 'QUOTE',
  p_idempotency_key text default null, p_created_by_id text default null,
  p_cooldown interval default interval '3 minutes', p_max_queued bigint default 20000,
  p_correlation_id text default '', p_id uuid default gen_random_uuid(), p_retry_of uuid default null,
  p_when_allowed boolean default false,
  out outcome text, out job_id uuid, out wait_seconds bigint, out available bigint, out queued bigint,
  out run_after timestamptz, out refused text)
language plpgsql
as $$
declare
  v_hash text := video_render_snapshot_hash(p_input);
  v_found video_render_jobs;
  v_dying boolean;
  v_allowed_at timestamptz;
begin
  if p_company_id is distinct from nullif(current_setting('app.company_id', true), '') then
    raise exception 'company % is not the one in app.company_id', p_company_id using errcode = '42501';
  end if;
  if octet_length(p_input::text) > 8388608 then -- as the table has it
    outcome := 'too_large';
    return;
  end if;
  perform pg_advisory_xact_lock(
    hashtextextended(p_company_id || '/' || p_entity_type || '/' || p_entity_id, 7145));

  for v_try in 1..3 loop
    if p_idempotency_key is not null then
      select * into v_found from video_render_jobs job
        where job.company_id = p_company_id and job.idempotency_key = p_idempotency_key;
      if found then
        if (v_found.entity_type, v_found.entity_id, v_found.template, v_found.snapshot_hash)
            = (p_entity_type, p_entity_id, p_template, v_hash) then
          outcome := 'existing';
          job_id := v_found.id;
        else
          outcome := 'key_reused';
        end if;
        return;
      end if;
    end if;

    select job.id, job.cancel_requested_at is not null
        or exists (select from video_render_cancel_requests request where request.job_id = job.id)
      into job_id, v_dying from video_render_jobs job
      where job.company_id = p_company_id and job.entity_type = p_entity_type and job.entity_id = p_entity_id
        and job.template = p_template and job.snapshot_hash = v_hash and job.status in ('queued', 'running');
    if found and v_dying then
      -- It makes no video any more, and a second one beside it may not be: its worker stops within a second or two.
      job_id := null;
      wait_seconds := 2;
      outcome := 'cooldown';
      return;
    elsif found then
      outcome := 'existing';
      return;
    end if;

    select job.id into job_id from video_render_jobs job
      where job.company_id = p_company_id and job.template = p_template and job.snapshot_hash = v_hash
        and job.status = 'succeeded' and job.output_expired_at is null
        and job.render_version = (select version.render_version from video_render_templates version
                                  where version.template = p_template)
      order by job.finished_at desc limit 1;
    if found then
      outcome := 'reused';
      return;
    end if;

    -- The last render of this quote with this template: when it was asked for, or where it waited, was to begin.
    select greatest(job.created_at, least(job.run_after, job.started_at)) + p_cooldown into v_allowed_at
      from video_render_jobs job
      where job.company_id = p_company_id and job.entity_id = p_entity_id and job.entity_type = p_entity_type
        and job.template = p_template and job.status in ('queued', 'running', 'succeeded')
      order by job.created_at desc, job.id desc limit 1;
    wait_seconds := ceil(extract(epoch from v_allowed_at - clock_timestamp()));
    if wait_seconds > 0 and not coalesce(p_when_allowed, false) then
      outcome := 'cooldown';
      return;
    end if;
    if not coalesce(wait_seconds > 0, false) then
      v_allowed_at := null;
    end if;
    wait_seconds := null;

    queued := coalesce((select lane.queued from video_render_lanes lane where lane.company_id = p_company_id), 0)
      + coalesce((select sum(change.queued) from video_render_lane_changes change
                  where change.company_id = p_company_id), 0);
    if queued >= p_max_queued then
      outcome := 'queue_full';
      return;
    end if;
    queued := null;

    select credits.available into available from video_render_credits(p_company_id) credits;
    if found and available < 1 then
      outcome := 'no_credits';
      return;
    end if;
    available := null;

    outcome := put_video_render(p_company_id, p_organization_id, p_entity_type, p_entity_id, p_template, p_input,
      p_idempotency_key, p_created_by_id, p_correlation_id, p_id, p_retry_of, v_allowed_at);
    if outcome = 'new' then
      job_id := p_id;
      run_after := v_allowed_at;
    elsif outcome = 'no_credits' then
      available := 0;
    elsif starts_with(outcome, 'invalid ') then
      refused := regexp_replace(substr(outcome, 9), '^video_render_jobs_(.*)_check$', '\1');
      outcome := 'invalid';
    end if;
    exit when outcome <> 'conflict';
  end loop;
  if outcome = 'conflict' then
    raise exception 'job % was neither taken nor found', p_id using errcode = '40001';
  end if;
end
$$;
create or replace function cancel_video_render(
  p_id uuid, p_correlation_id text default '', out outcome text, out status text)
language plpgsql security definer
as $$
declare
  v_company text := nullif(current_setting('app.company_id', true), '');
  v_organization text := nullif(current_setting('app.organization_id', true), '');
begin
  perform set_config('quotereel.lanes', '', true); -- a tenant does not keep its lane from being counted
  -- This runs with its owner's rights, so it checks the tenant itself.
  if v_company is null then
    raise exception 'app.company_id is not set' using errcode = '42501';
  end if;
  select job.status into status from video_render_jobs job
    where job.id = p_id and job.company_id = v_company
      and (v_organization is null or job.organization_id = v_organization);
  if not found then
    outcome := 'not_found';
    return;
  end if;
  if status = 'running' then
    -- Not into the job's row: its worker writes that, and must not wait for the caller's transaction. A worker that gives
    -- the job back at this moment does not see the request: what waits with one is ended by a duty.
    insert into video_render_cancel_requests (job_id, company_id, organization_id, correlation_id)
      select job.id, job.company_id, job.organization_id, p_correlation_id from video_render_jobs job where job.id = p_id
      on conflict (job_id) do nothing;
    select job.status into status from video_render_jobs job where job.id = p_id;
    outcome := case when status = 'running' then 'requested' end;
  end if;
  if status = 'queued' then
    -- A claim may be taking it at this moment; the row tells after it.
    select job.status into status from video_render_jobs job where job.id = p_id for no key update;
  end if;
  if outcome is not null then
    return;
  end if;
  if status = 'queued' then
    perform set_config('quotereel.cancels', 'tenant', true); -- what it releases is written to the holds
    update video_render_jobs job
      set status = 'cancelled', finished_at = now(), cancel_requested_at = now(), spool_id = null, spool_retry_at = null,
          error_class = null, error_code = null, updated_at = now()
      where job.id = p_id;
    perform set_config('quotereel.cancels', '', true);
    insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
        correlation_id)
      select job.id, job.company_id, job.organization_id, 'VIDEO_RENDER_CANCELLED', 'queued', 'cancelled', 'tenant',
        p_correlation_id from video_render_jobs job where job.id = p_id;
    outcome := 'cancelled';
    status := 'cancelled';
  elsif status = 'running' then -- claimed just now
    insert into video_render_cancel_requests (job_id, company_id, organization_id, correlation_id)
      select job.id, job.company_id, job.organization_id, p_correlation_id from video_render_jobs job where job.id = p_id
      on conflict (job_id) do nothing;
    outcome := 'requested';
  else
    outcome := 'already_final';
  end if;
end
$$;

create or replace function claim_video_renders(
  p_worker_id text, p_spool_id text, p_max_jobs integer, p_lease interval, p_deadline interval, p_tenant_cap bigint)
returns setof video_render_jobs
language plpgsql security definer
set lock_timeout = '250ms' -- waits for lanes only as long as a few other claims take
as $$
declare
  v_job video_render_jobs;
  v_id uuid;
  v_lane text;
  v_own boolean := true;
  v_passed text[] := '{}';
  v_empty text[] := '{}';
  v_taken integer := 0;
begin
  -- Not in the function's head: there only a superuser may name a setting that no extension has.
  perform set_config('quotereel.lanes', 'kept', true);
  while v_taken < p_max_jobs loop
    v_id := null;
    if v_own then
      -- Finished files in the own spool first. Lane before job, as everywhere here, and no waiting: whoever holds the lane,
      -- a backend with its transaction open for one, would hold up the files of all other companies.
      select company_id into v_lane from video_render_jobs
        where status = 'queued' and spool_id = p_spool_id and spool_retry_at <= now() and company_id <> all (v_passed)
        order by spool_retry_at, id limit 1;
      if not found then
        v_own := false;
        continue;
      end if;
      perform from video_render_lanes where company_id = v_lane for update skip locked;
      if found then
        select id into v_id from video_render_jobs
          where company_id = v_lane and status = 'queued' and spool_id = p_spool_id and spool_retry_at <= now()
          order by spool_retry_at, id limit 1 for update skip locked;
      end if;
      if v_id is null then
        v_passed := array_append(v_passed, v_lane);
        continue;
      end if;
    else
      select company_id into v_lane from video_render_lanes
        where queued > 0 and running < p_tenant_cap and head_at <= now() and company_id <> all (v_empty)
        order by running, head_at, company_id limit 1 for update skip locked;
      if not found then
        exit when v_taken > 0 or v_empty <> '{}' or v_passed <> '{}';
        -- Nothing, or other claims hold every lane that has work. Nothing is held here, so waiting is safe.
        begin
          select company_id into v_lane from video_render_lanes
            where queued > 0 and running < p_tenant_cap and head_at <= now()
            order by running, head_at, company_id limit 1 for update;
          exit when not found;
        exception when lock_not_available then
          exit;
        end;
      end if;
      -- The lane is held: what follows sees all that its last holder committed.
      select id into v_id from video_render_jobs
        where company_id = v_lane and status = 'queued' and run_after <= now()
        order by run_after, created_at, id limit 1 for update skip locked;
      if not found then
        -- Its head is being cancelled or adopted, or head_at was too early: correct that, and look elsewhere.
        update video_render_lanes
          set head_at = (select job.run_after from video_render_jobs job
                         where job.company_id = v_lane and job.status = 'queued'
                         order by job.run_after, job.created_at, job.id limit 1)
          where company_id = v_lane;
        v_empty := array_append(v_empty, v_lane);
        continue;
      end if;
    end if;

    -- The lane is locked, so that this statement sees every job that its head may be; but not yet its own change.
    with moved as (
      update video_render_jobs
        set status = 'running', lease_epoch = lease_epoch + 1, lease_expires_at = now() + p_lease,
            deadline_at = now() + p_deadline, worker_id = p_worker_id, attempts = attempts + 1,
            stage = case when v_own then stage else 'render' end, progress = case when v_own then progress else 0 end,
            spool_id = p_spool_id, spool_retry_at = null, started_at = coalesce(started_at, now()), updated_at = now()
        where id = v_id and status = 'queued'
        returning *
    ), lane as (
      update video_render_lanes
        set queued = queued - 1, running = running + 1,
            head_at = (select job.run_after from video_render_jobs job
                       where job.company_id = v_lane and job.status = 'queued' and job.id <> v_id
                       order by job.run_after, job.created_at, job.id limit 1)
        where company_id = v_lane
    ), event as (
      insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
          correlation_id, detail)
        select id, company_id, organization_id, 'VIDEO_RENDER_STARTED', 'queued', 'running', 'worker',
          id || '/e' || lease_epoch,
          jsonb_build_object('epoch', lease_epoch, 'attempt', attempts, 'stage', stage)
        from moved
    )
    select * into strict v_job from moved;
    v_taken := v_taken + 1;
    return next v_job;
  end loop;
  perform set_config('quotereel.lanes', '', true);
end
$$;

-- --- rights, as in 0002 and 0003 ---

grant select, insert, update, delete on video_render_lane_changes, tenant_credit_holds, video_render_cancel_requests
  to quotereel_worker;
grant select on video_render_lane_changes, tenant_credit_holds, video_render_cancel_requests to quotereel_tenant;

alter table video_render_lane_changes enable row level security, force row level security;
create policy video_render_lane_changes_worker on video_render_lane_changes to quotereel_worker
  using (true) with check (true);
create policy video_render_lane_changes_tenant on video_render_lane_changes for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), '')));

alter table tenant_credit_holds enable row level security, force row level security;
create policy tenant_credit_holds_worker on tenant_credit_holds to quotereel_worker using (true) with check (true);
create policy tenant_credit_holds_tenant on tenant_credit_holds for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), '')));

alter table video_render_cancel_requests enable row level security, force row level security;
create policy video_render_cancel_requests_worker on video_render_cancel_requests to quotereel_worker
  using (true) with check (true);
create policy video_render_cancel_requests_tenant on video_render_cancel_requests for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), ''))
    and case when (select nullif(current_setting('app.organization_id', true), '')) is null then true
             else organization_id = (select nullif(current_setting('app.organization_id', true), '')) end);

do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select oid from pg_proc where pronamespace = current_schema()::regnamespace and proname in (
      'video_render_lanes_inserted', 'video_render_lanes_moved', 'video_render_lanes_deleted', 'fold_video_render_lanes',
      'recount_video_render_lanes', 'video_render_jobs_cancel_requested', 'video_render_jobs_ended',
      'video_render_credits', 'put_video_render', 'enqueue_video_render', 'cancel_video_render', 'claim_video_renders')
  loop
    execute format('alter function %s set search_path = %I, pg_temp', v_function, current_schema());
    execute format('revoke all on function %s from public', v_function);
  end loop;
end
$$;
grant execute on function put_video_render, enqueue_video_render, cancel_video_render, video_render_credits
  to quotereel_tenant, quotereel_worker;
grant execute on function fold_video_render_lanes, recount_video_render_lanes, claim_video_renders to quotereel_worker;

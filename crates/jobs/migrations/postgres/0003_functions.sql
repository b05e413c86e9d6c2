-- What moves by itself (lanes, credits, outbox) and what other programs call (enqueue, retry, cancel).
-- Locks are taken in one order everywhere: advisory (entity), job row, lane, credits.

-- --- what a job is never changes: a row that moved to another company would take lane, credit and video along ---

create function video_render_jobs_identity_changed() returns trigger
language plpgsql
as $$
begin
  raise exception 'what a job is never changes' using errcode = '23514', constraint = 'video_render_jobs_identity_check';
end
$$;
create trigger video_render_jobs_0_identity
  before update of id, company_id, organization_id, entity_type, entity_id, template, input_json, credits_held
  on video_render_jobs for each row
  when ((old.id, old.company_id, old.entity_type, old.entity_id, old.template, old.input_json, old.credits_held)
      is distinct from
        (new.id, new.company_id, new.entity_type, new.entity_id, new.template, new.input_json, new.credits_held)
    -- A row from before organizations may get its own, once.
    or old.organization_id is not null and new.organization_id is distinct from old.organization_id)
  execute function video_render_jobs_identity_changed();

-- --- lanes: statement triggers for what comes in bulk, a row trigger for what moves one by one ---

create function video_render_lanes_inserted() returns trigger
language plpgsql security definer
as $$
begin
  insert into video_render_lanes as lane (company_id, queued, running, head_at)
  select company_id, count(*) filter (where status = 'queued'), count(*) filter (where status = 'running'),
         min(run_after) filter (where status = 'queued')
  from inserted where status in ('queued', 'running') group by company_id order by company_id
  on conflict (company_id) do update
    set queued = lane.queued + excluded.queued,
        running = lane.running + excluded.running,
        head_at = least(lane.head_at, excluded.head_at);
  return null;
end
$$;

create function video_render_lanes_moved() returns trigger
language plpgsql security definer
as $$
begin
  -- The lock comes in a statement of its own: only the next statement's snapshot sees what its last holder committed,
  -- and a head_at that missed a job would leave it waiting.
  perform from video_render_lanes where company_id = new.company_id for update;
  update video_render_lanes
    set queued = greatest(0, queued + (new.status = 'queued')::int - (old.status = 'queued')::int),
        running = greatest(0, running + (new.status = 'running')::int - (old.status = 'running')::int),
        head_at = case when 'queued' in (old.status, new.status)
                       then (select job.run_after from video_render_jobs job
                             where job.company_id = new.company_id and job.status = 'queued'
                             order by job.run_after, job.created_at, job.id limit 1)
                       else head_at end
    where company_id = new.company_id;
  return null;
end
$$;

create function video_render_lanes_deleted() returns trigger
language plpgsql security definer
as $$
begin
  update video_render_lanes lane
    set queued = greatest(0, lane.queued - gone.queued), running = greatest(0, lane.running - gone.running)
    from (select company_id, count(*) filter (where status = 'queued') as queued,
                 count(*) filter (where status = 'running') as running
          from deleted where status in ('queued', 'running') group by company_id) gone
    where lane.company_id = gone.company_id;
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
  update tenant_credits credits set frozen = credits.frozen - gone.jobs, updated_at = now()
    from (select company_id, count(*) as jobs from released group by company_id) gone
    where credits.company_id = gone.company_id;
  return null;
end
$$;

create function recount_video_render_lanes() returns bigint
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
    select lane.company_id
    from video_render_lanes lane
    left join (select company_id, count(*) filter (where status = 'queued') as queued,
                      count(*) filter (where status = 'running') as running,
                      min(run_after) filter (where status = 'queued') as head_at
               from video_render_jobs where status in ('queued', 'running') group by company_id) truth using (company_id)
    where lane.queued <> coalesce(truth.queued, 0) or lane.running <> coalesce(truth.running, 0)
      or lane.head_at is distinct from truth.head_at
    order by lane.company_id
  loop
    perform from video_render_lanes where company_id = v_company for update;
    update video_render_lanes lane set queued = truth.queued, running = truth.running, head_at = truth.head_at
      from (select count(*) filter (where status = 'queued') as queued,
                   count(*) filter (where status = 'running') as running,
                   min(run_after) filter (where status = 'queued') as head_at
            from video_render_jobs where company_id = v_company and status in ('queued', 'running')) truth
      where lane.company_id = v_company
        and (lane.queued, lane.running) is distinct from (truth.queued, truth.running);
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
comment on function recount_video_render_lanes() is
  'Counts the lanes anew from the rows; returns how many counts were wrong. Safe beside everything else.';

-- --- the end of a job: credits and outbox in the transaction that ends it, whoever ends it ---

create function video_render_jobs_ended() returns trigger
language plpgsql security definer
as $$
declare
  v_kind text := case when old.status = 'succeeded' then 'refund' when new.status = 'succeeded' then 'capture'
                      else 'release' end;
begin
  -- A row that another program wrote as paid without freezing anything could never end otherwise.
  if new.credits_held > 0 and exists (select from credit_entries entry
      where entry.job_id = new.id and entry.company_id = new.company_id and entry.kind = 'freeze') then
    update tenant_credits
      set balance = balance + case v_kind when 'capture' then -1 when 'refund' then 1 else 0 end,
          frozen = frozen - case v_kind when 'refund' then 0 else 1 end,
          updated_at = now()
      where company_id = new.company_id;
    insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta)
    values (new.company_id, new.id, v_kind, case v_kind when 'capture' then -1 when 'refund' then 1 else 0 end,
            case v_kind when 'refund' then 0 else -1 end);
  end if;
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

-- Triggers of one event fire in the order of their names: lane before credits.
create trigger video_render_jobs_1_lane_insert after insert on video_render_jobs
  referencing new table as inserted for each statement execute function video_render_lanes_inserted();
create trigger video_render_jobs_1_lane_delete after delete on video_render_jobs
  referencing old table as deleted for each statement execute function video_render_lanes_deleted();
create trigger video_render_jobs_1_lane_update after update of status, run_after on video_render_jobs
  for each row when ((old.status is distinct from new.status or old.run_after is distinct from new.run_after)
    and (old.status in ('queued', 'running') or new.status in ('queued', 'running'))
    and current_setting('quotereel.lanes', true) is distinct from 'kept') -- a claim does it itself, for less
  execute function video_render_lanes_moved();
create trigger video_render_jobs_2_end after update of status on video_render_jobs
  for each row when (old.status is distinct from new.status and new.status in ('succeeded', 'failed', 'cancelled'))
  execute function video_render_jobs_ended();

-- --- enqueue ---

-- The one way in which tenants make rows, with its owner's rights: they may write no table. It checks the scope itself,
-- and takes from its caller nothing of the job's state.
create function put_video_render(
  p_company_id text, p_organization_id text, p_entity_type text, p_entity_id text, p_template text, p_input jsonb,
  p_idempotency_key text, p_created_by_id text, p_correlation_id text, p_id uuid, p_retry_of uuid)
returns text
language plpgsql security definer
as $$
declare
  v_organization text := nullif(current_setting('app.organization_id', true), '');
  v_retries integer := 0;
  v_old text;
  v_limited boolean;
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
        idempotency_key, created_by_id, retry_of, retries, credits_held)
      values (p_id, p_organization_id, p_company_id, p_entity_type, p_entity_id, p_template, p_input,
        p_idempotency_key, p_created_by_id, p_retry_of, v_retries, (v_limited is not null)::int)
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
      update tenant_credits set frozen = frozen + 1, updated_at = now()
        where company_id = p_company_id and balance - frozen >= 1;
      if not found then
        raise exception using errcode = 'QR001'; -- another enqueue took the last credit: undo the insert
      end if;
      insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta)
      values (p_company_id, p_id, 'freeze', 0, 1);
    end if;
  exception when sqlstate 'QR001' then
    return 'no_credits';
  end;
  insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
      correlation_id, detail)
    values (p_id, p_company_id, p_organization_id, 'VIDEO_RENDER_REQUESTED', null, 'queued', 'tenant', p_correlation_id,
      case when p_retry_of is null then '{}' else jsonb_build_object('retryOf', p_retry_of) end);
  if p_retry_of is not null then
    insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
        correlation_id, detail)
      values (p_retry_of, p_company_id, p_organization_id, 'VIDEO_RENDER_RETRIED', v_old, v_old, 'tenant',
        p_correlation_id, jsonb_build_object('retriedAs', p_id));
  end if;
  return 'new';
end
$$;

create function enqueue_video_render(
  p_company_id text, p_entity_id text, p_template text, p_input jsonb,
  p_organization_id text default null, p_entity_type text default 'QUOTE',
  p_idempotency_key text default null, p_created_by_id text default null,
  p_cooldown interval default interval '3 minutes', p_max_queued bigint default 20000,
  p_correlation_id text default '', p_id uuid default gen_random_uuid(), p_retry_of uuid default null,
  out outcome text, out job_id uuid, out wait_seconds bigint, out available bigint, out queued bigint)
language plpgsql
as $$
declare
  v_hash text := video_render_snapshot_hash(p_input);
  v_found video_render_jobs;
  v_dying boolean;
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

    select job.id, job.cancel_requested_at is not null into job_id, v_dying from video_render_jobs job
      where job.company_id = p_company_id and job.entity_type = p_entity_type and job.entity_id = p_entity_id
        and job.template = p_template and job.snapshot_hash = v_hash and job.status in ('queued', 'running');
    if found and v_dying then
      -- It makes no video any more, and a second one beside it may not be: its worker stops within a heartbeat.
      job_id := null;
      wait_seconds := 5;
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

    select ceil(extract(epoch from job.created_at + p_cooldown - clock_timestamp()))::bigint into wait_seconds
      from video_render_jobs job
      where job.company_id = p_company_id and job.entity_id = p_entity_id and job.entity_type = p_entity_type
        and job.status in ('queued', 'running', 'succeeded')
      order by job.created_at desc, job.id desc limit 1;
    if wait_seconds > 0 then
      outcome := 'cooldown';
      return;
    end if;
    wait_seconds := null;

    select lane.queued into queued from video_render_lanes lane where lane.company_id = p_company_id;
    if queued >= p_max_queued then
      outcome := 'queue_full';
      return;
    end if;
    queued := null;

    select credits.balance - credits.frozen into available from tenant_credits credits
      where credits.company_id = p_company_id;
    if found and available < 1 then
      outcome := 'no_credits';
      return;
    end if;
    available := null;

    outcome := put_video_render(p_company_id, p_organization_id, p_entity_type, p_entity_id, p_template, p_input,
      p_idempotency_key, p_created_by_id, p_correlation_id, p_id, p_retry_of);
    if outcome = 'new' then
      job_id := p_id;
    elsif outcome = 'no_credits' then
      available := 0;
    end if;
    exit when outcome <> 'conflict';
  end loop;
  if outcome = 'conflict' then
    raise exception 'job % was neither taken nor found', p_id using errcode = '40001';
  end if;
end
$$;
comment on function enqueue_video_render is
  'Enqueues a render in the caller''s transaction, or finds the job that does the same work. Set app.company_id (and '
  'app.organization_id) first, in the same transaction. outcome: new, existing, reused (job_id is set); cooldown '
  '(wait_seconds), no_credits (available), queue_full (queued), key_reused, too_large, other_organization (it has the same job '
  'under way): nothing was written.';

create function retry_video_render(
  p_company_id text, p_id uuid, p_cooldown interval default interval '3 minutes', p_max_queued bigint default 20000,
  p_max_retries integer default 3, p_correlation_id text default '', p_new_id uuid default gen_random_uuid(),
  out outcome text, out job_id uuid, out wait_seconds bigint, out available bigint, out queued bigint,
  out status text, out retries integer)
language plpgsql
as $$
declare
  v_old video_render_jobs;
begin
  select * into v_old from video_render_jobs job where job.id = p_id and job.company_id = p_company_id;
  if not found then
    outcome := 'not_found';
    return;
  end if;
  perform pg_advisory_xact_lock(
    hashtextextended(v_old.company_id || '/' || v_old.entity_type || '/' || v_old.entity_id, 7145));
  select job.status into v_old.status from video_render_jobs job where job.id = p_id;
  select job.id into job_id from video_render_jobs job where job.retry_of = p_id;
  if found then
    outcome := 'existing';
    return;
  end if;
  if v_old.status not in ('failed', 'cancelled') then
    outcome := 'not_retriable';
    status := v_old.status;
    return;
  end if;
  if v_old.retries >= p_max_retries then
    outcome := 'too_many_retries';
    retries := v_old.retries;
    return;
  end if;
  select done.outcome, done.job_id, done.wait_seconds, done.available, done.queued
    into outcome, job_id, wait_seconds, available, queued
    from enqueue_video_render(v_old.company_id, v_old.entity_id, v_old.template, v_old.input_json,
      v_old.organization_id, v_old.entity_type, null, v_old.created_by_id, p_cooldown, p_max_queued,
      p_correlation_id, p_new_id, p_id) done;
end
$$;
comment on function retry_video_render is
  'Enqueues a failed or cancelled job once more as a new row; the same call again finds that row. Outcomes as of '
  'enqueue_video_render, and not_found, not_retriable (status), too_many_retries (retries).';

-- --- cancel ---

create function cancel_video_render(p_id uuid, p_correlation_id text default '', out outcome text, out status text)
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
      and (v_organization is null or job.organization_id = v_organization)
    for update;
  if not found then
    outcome := 'not_found';
  elsif status = 'queued' then
    update video_render_jobs job
      set status = 'cancelled', finished_at = now(), cancel_requested_at = now(), spool_id = null, spool_retry_at = null,
          error_class = null, error_code = null, updated_at = now()
      where job.id = p_id;
    insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
        correlation_id)
      select job.id, job.company_id, job.organization_id, 'VIDEO_RENDER_CANCELLED', 'queued', 'cancelled', 'tenant',
        p_correlation_id from video_render_jobs job where job.id = p_id;
    outcome := 'cancelled';
    status := 'cancelled';
  elsif status = 'running' then
    update video_render_jobs job
      set cancel_requested_at = coalesce(cancel_requested_at, now()), updated_at = now()
      where job.id = p_id;
    outcome := 'requested';
  else
    outcome := 'already_final';
  end if;
end
$$;
comment on function cancel_video_render is
  'Cancels a queued job of the company in app.company_id (and app.organization_id), or asks the worker of a running one to '
  'stop. outcome: cancelled, requested, already_final, not_found; status is the job''s, afterwards.';

-- --- claim ---

-- One statement is a whole claim, with its owner's rights: no transaction to open and no role to take on the way, and no
-- lane stays locked while an answer travels. It keeps the lanes itself, which the trigger then leaves alone.
create function claim_video_renders(
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
        set queued = greatest(0, queued - 1), running = running + 1,
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
comment on function claim_video_renders is
  'Takes jobs for a worker: finished files of its own spool, then from the company with the fewest running jobs, oldest '
  'first.';

-- Names resolve where these tables are, whatever the caller's search_path; functions with their owner's rights are not
-- for everybody.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select oid from pg_proc where pronamespace = current_schema()::regnamespace and proname in (
      'video_render_lanes_inserted', 'video_render_lanes_moved', 'video_render_lanes_deleted',
      'recount_video_render_lanes', 'video_render_jobs_ended', 'put_video_render', 'enqueue_video_render',
      'retry_video_render', 'cancel_video_render', 'claim_video_renders')
  loop
    execute format('alter function %s set search_path = %I, pg_temp', v_function, current_schema());
    execute format('revoke all on function %s from public', v_function);
  end loop;
end
$$;
grant execute on function put_video_render, enqueue_video_render, retry_video_render, cancel_video_render
  to quotereel_tenant, quotereel_worker;
grant execute on function recount_video_render_lanes, claim_video_renders to quotereel_worker;

-- Rows from before the triggers.
select recount_video_render_lanes();

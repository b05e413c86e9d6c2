-- Quote ids as offices write them; a cooldown for each template of a quote, that a job may wait for; refused values are
-- an answer and no error. The other functions stay as 0003 has them.

-- Printable text of up to 200 characters, as the reader of snapshots takes it. Not part of an object key: that has the
-- job's own id. Ids of companies and organizations are part of keys, and stay as they are.
alter table video_render_jobs
  drop constraint video_render_jobs_entity_id_check,
  add constraint video_render_jobs_entity_id_check check (
    char_length(entity_id) between 1 and 200 and entity_id = btrim(entity_id)
    -- Control characters, line ends, and marks that turn the direction of what is printed after them.
    and entity_id !~ '[\u0001-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]');

comment on column video_render_jobs.run_after is
  'Nobody claims it before, but for the worker whose spool has its file. Of a job that waits for a cooldown: its end.';
comment on column video_render_jobs.cancel_requested_at is 'When a tenant asked to stop; the worker sees it within a second.';

drop function enqueue_video_render, retry_video_render, put_video_render;

create function put_video_render(
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
      update tenant_credits set frozen = frozen + 1, updated_at = now()
        where company_id = p_company_id and balance - frozen >= 1;
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

create function enqueue_video_render(
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

    select job.id, job.cancel_requested_at is not null into job_id, v_dying from video_render_jobs job
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
comment on function enqueue_video_render is
  'Enqueues a render in the caller''s transaction, or finds the job that does the same work. Set app.company_id (and '
  'app.organization_id) first, in the same transaction. The cooldown counts per quote and template; with p_when_allowed '
  'a job that it would refuse is enqueued and begins when it ends. outcome: new (job_id, and run_after where it has to '
  'wait), existing, reused (job_id); cooldown (wait_seconds), no_credits (available), queue_full (queued), key_reused, '
  'too_large, invalid (refused names the value), other_organization (it has the same job under way): nothing was written.';

create function retry_video_render(
  p_company_id text, p_id uuid, p_cooldown interval default interval '3 minutes', p_max_queued bigint default 20000,
  p_max_retries integer default 3, p_correlation_id text default '', p_new_id uuid default gen_random_uuid(),
  p_when_allowed boolean default false,
  out outcome text, out job_id uuid, out wait_seconds bigint, out available bigint, out queued bigint,
  out status text, out retries integer, out run_after timestamptz, out refused text)
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
  select done.outcome, done.job_id, done.wait_seconds, done.available, done.queued, done.run_after, done.refused
    into outcome, job_id, wait_seconds, available, queued, run_after, refused
    from enqueue_video_render(v_old.company_id, v_old.entity_id, v_old.template, v_old.input_json,
      v_old.organization_id, v_old.entity_type, null, v_old.created_by_id, p_cooldown, p_max_queued,
      p_correlation_id, p_new_id, p_id, p_when_allowed) done;
end
$$;
comment on function retry_video_render is
  'Enqueues a failed or cancelled job once more as a new row; the same call again finds that row. Outcomes as of '
  'enqueue_video_render, and not_found, not_retriable (status), too_many_retries (retries).';

-- As in 0003: names resolve where these tables are, and functions with their owner's rights are not for everybody.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select oid from pg_proc where pronamespace = current_schema()::regnamespace and proname in (
      'put_video_render', 'enqueue_video_render', 'retry_video_render')
  loop
    execute format('alter function %s set search_path = %I, pg_temp', v_function, current_schema());
    execute format('revoke all on function %s from public', v_function);
  end loop;
end
$$;
grant execute on function put_video_render, enqueue_video_render, retry_video_render to quotereel_tenant, quotereel_worker;

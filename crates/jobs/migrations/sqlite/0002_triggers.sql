-- What moves by itself, whoever changes a row: lanes, credits, outbox.

create trigger video_render_jobs_identity before update of id, company_id, entity_type, entity_id, template,
  input_json, snapshot_hash, credits_held on video_render_jobs
begin
  select raise(abort, 'CHECK constraint failed: video_render_jobs_identity_check');
end;

-- A row from before organizations may get its own, once.
create trigger video_render_jobs_organization before update of organization_id on video_render_jobs
  when old.organization_id is not null and new.organization_id is not old.organization_id
begin
  select raise(abort, 'CHECK constraint failed: video_render_jobs_identity_check');
end;

create trigger video_render_jobs_retry_of_insert before insert on video_render_jobs
  when new.retry_of is not null
    and not exists (select 1 from video_render_jobs where id = new.retry_of and company_id = new.company_id)
begin
  select raise(abort, 'FOREIGN KEY constraint failed: video_render_jobs_retry_of_fkey');
end;

create trigger video_render_jobs_retry_of_update before update of retry_of on video_render_jobs
  when new.retry_of is not null
    and not exists (select 1 from video_render_jobs where id = new.retry_of and company_id = new.company_id)
begin
  select raise(abort, 'FOREIGN KEY constraint failed: video_render_jobs_retry_of_fkey');
end;

create trigger video_render_jobs_lane_insert after insert on video_render_jobs
  when new.status in ('queued', 'running')
begin
  insert into video_render_lanes (company_id, queued, running, head_at)
  values (new.company_id, new.status = 'queued', new.status = 'running',
          case new.status when 'queued' then new.run_after end)
  on conflict (company_id) do update
    set queued = queued + excluded.queued,
        running = running + excluded.running,
        head_at = coalesce(min(head_at, excluded.head_at), head_at, excluded.head_at);
end;

create trigger video_render_jobs_lane_update after update of status, run_after on video_render_jobs
  when (old.status <> new.status or old.run_after <> new.run_after)
    and (old.status in ('queued', 'running') or new.status in ('queued', 'running'))
begin
  update video_render_lanes
    set queued = queued + (new.status = 'queued') - (old.status = 'queued'),
        running = running + (new.status = 'running') - (old.status = 'running'),
        head_at = case when 'queued' in (old.status, new.status)
                       then (select run_after from video_render_jobs
                             where company_id = new.company_id and status = 'queued'
                             order by run_after, created_at, id limit 1)
                       else head_at end
    where company_id = new.company_id;
end;

create trigger video_render_jobs_lane_delete after delete on video_render_jobs
  when old.status in ('queued', 'running')
begin
  update video_render_lanes
    set queued = queued - (old.status = 'queued'),
        running = running - (old.status = 'running'),
        head_at = (select run_after from video_render_jobs
                   where company_id = old.company_id and status = 'queued' order by run_after, created_at, id limit 1)
    where company_id = old.company_id;
  -- A row that was deleted by hand before it ended: what was frozen for it becomes available again.
  update tenant_credits
    set frozen = frozen - 1, updated_at = cast(round(unixepoch('subsec') * 1000) as integer)
    where company_id = old.company_id and old.credits_held > 0 and exists (select 1 from credit_entries entry
      where entry.job_id = old.id and entry.company_id = old.company_id and entry.kind = 'freeze');
  insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta)
  select old.company_id, old.id, 'release', 0, -1
  where old.credits_held > 0 and exists (select 1 from credit_entries entry
    where entry.job_id = old.id and entry.company_id = old.company_id and entry.kind = 'freeze');
end;

create trigger video_render_jobs_end_credit after update of status on video_render_jobs
  when old.status <> new.status and new.status in ('succeeded', 'failed', 'cancelled') and new.credits_held > 0
    -- A row that another program wrote as paid without freezing anything could never end otherwise.
    and exists (select 1 from credit_entries entry
                where entry.job_id = new.id and entry.company_id = new.company_id and entry.kind = 'freeze')
begin
  update tenant_credits
    set balance = balance + case when old.status = 'succeeded' then 1 when new.status = 'succeeded' then -1 else 0 end,
        frozen = frozen - (old.status <> 'succeeded'),
        updated_at = cast(round(unixepoch('subsec') * 1000) as integer)
    where company_id = new.company_id;
  insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta)
  values (new.company_id, new.id,
          case when old.status = 'succeeded' then 'refund' when new.status = 'succeeded' then 'capture' else 'release' end,
          case when old.status = 'succeeded' then 1 when new.status = 'succeeded' then -1 else 0 end,
          -(old.status <> 'succeeded'));
end;

create trigger video_render_jobs_end_webhook after update of status on video_render_jobs
  when old.status <> new.status and new.status in ('succeeded', 'failed', 'cancelled')
begin
  insert into webhook_deliveries (id, job_id, company_id, organization_id, payload)
  -- A UUID of version 4: 122 random bits between its fixed ones.
  select lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
               || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
    new.id, new.company_id, new.organization_id, json_object(
      'type', 'VIDEO_RENDER_' || upper(new.status),
      'timestamp', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
      'data', json_object(
        'jobId', new.id, 'organizationId', new.organization_id, 'companyId', new.company_id,
        'entityType', new.entity_type, 'entityId', new.entity_id, 'template', new.template, 'status', new.status,
        'errorClass', new.error_class, 'errorCode', new.error_code, 'errorMessage', substr(new.error_message, 1, 2000),
        'outputDurationMs', new.output_duration_ms))
  from webhook_endpoints where company_id = new.company_id and enabled = 1;
end;

create trigger video_render_events_append_only before update on video_render_events
begin
  select raise(abort, 'CHECK constraint failed: video_render_events_append_only');
end;

create trigger credit_entries_append_only before update on credit_entries
begin
  select raise(abort, 'CHECK constraint failed: credit_entries_append_only');
end;

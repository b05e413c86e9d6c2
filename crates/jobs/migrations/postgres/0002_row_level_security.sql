-- Who may see what. Two roles without login: tenants' calls run as quotereel_tenant and see the company in the setting
-- app.company_id (and, where app.organization_id is set, that organization alone); workers run as quotereel_worker.
-- A login reaches them by membership: `grant quotereel_tenant to backend`.

do $$
declare
  v_role text;
  v_missing boolean;
  v_set constant text := 'set'; -- a privilege that older servers do not know
begin
  foreach v_role in array array['quotereel_tenant', 'quotereel_worker'] loop
    if not exists (select from pg_roles where rolname = v_role) then
      begin
        execute format('create role %I nologin', v_role);
      exception
        -- Roles belong to the whole server: another database's migration may have been quicker.
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise exception 'role % is missing and % may not create it', v_role, current_user
            using errcode = '42501',
                  hint = format('As a superuser: create role %I nologin; grant %I to %I;', v_role, v_role, current_user);
      end;
    end if;
    -- Whoever creates a role from PostgreSQL 16 on is its member with ADMIN alone: without INHERIT and SET the policies do
    -- not hold for him and he cannot take the role. Never for a superuser, who may take any.
    v_missing := case when current_setting('server_version_num')::int >= 160000
                      then not (pg_has_role(current_user, v_role, 'usage') and pg_has_role(current_user, v_role, v_set))
                      else not pg_has_role(current_user, v_role, 'member') end;
    if v_missing then
      begin
        execute format('grant %I to %I', v_role, current_user)
          || case when current_setting('server_version_num')::int >= 160000 then ' with inherit true, set true'
                  else '' end;
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise exception '% is no member of role % and may not grant it to itself', current_user, v_role
            using errcode = '42501', hint = format('As a superuser: grant %I to %I;', v_role, current_user);
      end;
    end if;
  end loop;
  execute format('grant usage on schema %I to quotereel_tenant, quotereel_worker', current_schema());
end
$$;

grant select, insert, update, delete on
  video_render_jobs, video_render_lanes, video_render_events, tenant_credits, credit_entries, webhook_endpoints,
  webhook_deliveries, maintenance_duties, maintenance_runs, video_render_templates
  to quotereel_worker;

grant select on video_render_jobs, video_render_lanes, video_render_events, tenant_credits, credit_entries,
  video_render_templates to quotereel_tenant;
-- Tenants write nothing themselves: enqueueing, retrying and cancelling are functions (0003). Whoever could set a column
-- of state or credits_held could make a row that can neither end nor be deleted.

-- `(select …)` is evaluated once a statement, not once a row; NULLIF since a setting that was local to an ended
-- transaction reads as '' and not as null. CASE, since the planner takes half of the rows for it: of `… is null or …` it
-- expects one in 200, and sorts a company's whole history for a page of it.
alter table video_render_jobs enable row level security, force row level security;
create policy video_render_jobs_worker on video_render_jobs to quotereel_worker using (true) with check (true);
create policy video_render_jobs_tenant_select on video_render_jobs for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), ''))
    and case when (select nullif(current_setting('app.organization_id', true), '')) is null then true
             else organization_id = (select nullif(current_setting('app.organization_id', true), '')) end);

alter table video_render_events enable row level security, force row level security;
create policy video_render_events_worker on video_render_events to quotereel_worker using (true) with check (true);
create policy video_render_events_tenant_select on video_render_events for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), ''))
    and case when (select nullif(current_setting('app.organization_id', true), '')) is null then true
             else organization_id = (select nullif(current_setting('app.organization_id', true), '')) end);

alter table video_render_lanes enable row level security, force row level security;
create policy video_render_lanes_worker on video_render_lanes to quotereel_worker using (true) with check (true);
create policy video_render_lanes_tenant on video_render_lanes for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), '')));

alter table tenant_credits enable row level security, force row level security;
create policy tenant_credits_worker on tenant_credits to quotereel_worker using (true) with check (true);
create policy tenant_credits_tenant on tenant_credits for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), '')));

alter table credit_entries enable row level security, force row level security;
create policy credit_entries_worker on credit_entries to quotereel_worker using (true) with check (true);
create policy credit_entries_tenant on credit_entries for select to quotereel_tenant
  using (company_id = (select nullif(current_setting('app.company_id', true), '')));

alter table webhook_endpoints enable row level security, force row level security;
create policy webhook_endpoints_worker on webhook_endpoints to quotereel_worker using (true) with check (true);

alter table webhook_deliveries enable row level security, force row level security;
create policy webhook_deliveries_worker on webhook_deliveries to quotereel_worker using (true) with check (true);

//! The stores: one conformance suite, every case of it a test for SQLite, one for PostgreSQL and one for PostgreSQL behind
//! a pooler in transaction mode.
//!
//! `cargo nextest run --test jobs sqlite` needs nothing; `... postgres` needs a server, named by
//! `QUOTEREEL_TEST_POSTGRES`; `... pooled` needs `QUOTEREEL_TEST_PGBOUNCER` too.

mod conformance;
mod open_transactions;
mod pooled;
mod postgres_database;
mod postgresql;
mod rig;
mod sqlite_file;

macro_rules! suite {
    ($($module:ident { $($case:ident,)+ })+) => {
        suite! { @store sqlite Sqlite $($module { $($case,)+ })+ }
        suite! { @store postgres Postgres $($module { $($case,)+ })+ }
        suite! { @store pooled_suite Pooled $($module { $($case,)+ })+ }
    };
    (@store $store:ident $backend:ident $($module:ident { $($case:ident,)+ })+) => {
        mod $store {
            $(mod $module {
                $(#[test]
                fn $case() {
                    crate::rig::run(crate::rig::Backend::$backend, crate::conformance::$module::$case);
                })+
            })+
        }
    };
}

suite! {
    enqueue {
        a_new_job_is_as_it_was_asked_for,
        the_same_key_finds_the_same_job,
        a_key_is_not_for_another_request,
        keys_are_each_companys_own,
        an_active_job_of_the_same_snapshot_is_found,
        a_job_that_ended_badly_is_not_found,
        a_succeeded_job_of_the_present_version_is_reused,
        a_succeeded_job_of_another_version_is_not_reused,
        the_cooldown_says_how_long_to_wait,
        each_template_has_a_cooldown_of_its_own,
        a_corrected_quote_may_wait_for_its_time,
        quote_ids_are_what_offices_write,
        templates_that_workers_have_are_known,
        the_queue_of_a_company_has_an_end,
        a_snapshot_has_a_size,
        a_job_that_is_being_called_off_is_not_found,
        fifty_equal_enqueues_make_one_job,
    }
    tenants {
        a_job_is_seen_by_its_tenant_alone,
        lists_are_newest_first_and_paged,
        a_page_before_a_foreign_job_is_as_before_none,
        a_cancel_needs_the_tenant,
        a_retry_needs_the_tenant,
        an_output_needs_the_tenant,
        a_lease_of_another_company_is_lost,
        an_organization_narrows_further,
        a_row_from_before_organizations_is_the_companys,
        a_sibling_organizations_equal_job_is_a_clean_refusal,
        no_reference_leads_to_another_company,
    }
    retry {
        a_retry_is_a_new_row_that_points_back,
        only_what_failed_is_retried,
        a_chain_of_retries_has_an_end,
        a_retry_freezes_a_credit_of_its_own,
    }
    claim {
        a_claim_takes_the_lease,
        an_empty_queue_gives_nothing,
        a_job_for_later_waits,
        the_oldest_goes_first,
        the_tenant_with_the_fewest_running_goes_first,
        one_job_is_not_behind_a_thousand,
        a_tenant_has_a_cap,
        a_claim_takes_several,
        a_snapshot_that_nobody_can_read_stops_no_claim,
        sixteen_claimers_and_two_thousand_jobs,
    }
    lease {
        every_write_needs_the_present_epoch,
        the_same_worker_twice_is_two_leases,
        stages_and_their_counters,
        a_heartbeat_extends_and_answers,
        a_look_sees_a_cancel_and_changes_nothing,
        a_heartbeat_after_the_lease_holds_until_somebody_takes_it,
        a_job_that_ended_takes_no_writes,
        a_repeated_write_says_lost_and_the_row_says_why,
    }
    outcome {
        success_is_written_once,
        failure_is_written_once,
        a_later_try_waits_and_counts,
        a_cancelled_job_tells_of_no_failure,
        a_release_burns_no_attempt,
        a_cancelled_job_is_not_queued_again,
        cancel_of_a_queued_job,
        cancel_of_a_running_job,
        cancel_of_a_final_job_changes_nothing,
        cancel_racing_finish_has_one_outcome,
        cancel_racing_a_claim_has_one_outcome,
    }
    spool {
        the_own_worker_comes_first,
        others_come_later_and_render,
        own_files_come_before_other_work,
        a_running_job_is_adopted,
        a_queued_job_is_adopted,
        a_worthless_file_is_not_adopted,
        a_file_survives_several_deaths_but_not_without_end,
        a_rescued_file_is_uploaded_by_its_own_worker,
    }
    reconcile {
        a_dead_workers_job_is_rescued_and_then_failed,
        a_live_lease_is_left_alone,
        the_deadline_counts_despite_heartbeats,
        a_cancelled_job_is_not_rescued,
        the_limit_takes_the_rest_next_time,
        two_reconcilers_rescue_once,
        a_completion_is_never_undone,
        a_rescued_file_is_rendered_again_elsewhere,
        a_row_that_cannot_move_holds_up_no_other,
        a_rescued_job_tells_what_happened,
    }
    credits {
        no_row_means_unlimited,
        grants_and_takings,
        every_end_settles_its_credit,
        no_credit_no_job,
        parallel_enqueues_do_not_overdraw,
        unlimited_jobs_cost_nothing_later,
    }
    maintenance {
        migrating_twice_does_nothing,
        outputs_are_paged,
        a_lost_output_fails_the_job_and_refunds,
        objects_in_use_tell_what_rows_say,
        retention_expires_outputs_before_rows,
        retention_of_failed_and_cancelled,
        a_row_that_cannot_go_holds_up_no_other,
        a_retry_outlives_its_original,
        lanes_are_counted_anew,
        tasks_are_taken_once,
        runs_are_written_down,
        stats_count_the_queue,
    }
    webhooks {
        no_endpoint_no_delivery,
        every_end_is_announced,
        a_delivery_is_leased,
        a_delivery_comes_again_until_given_up,
        gone_switches_the_endpoint_off,
        one_company_does_not_fill_a_batch,
        a_removed_endpoint_gets_nothing,
        endpoints_are_each_companys_own,
    }
    events {
        a_life_is_recorded_with_old_and_new_state,
        a_rescue_is_recorded,
        events_are_the_tenants_own,
        an_event_tells_nothing_of_the_inside,
    }
    model {
        random_histories_obey_the_state_machine,
    }
}

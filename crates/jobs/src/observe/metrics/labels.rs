//! The values that labels may have. Each is a closed set, so that no input can make a new time series.

/// Declares an enum whose cases are label values.
macro_rules! label_values {
    ($(#[$about:meta])* $name:ident { $($(#[$case_about:meta])* $case:ident => $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$case_about])* $case,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$case),+];

            /// As the label spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$case => $word,)+
                }
            }
        }
    };
}

label_values! {
    /// Why frames were made a second time for one job.
    Rerender {
        /// The render before failed by no fault of the input.
        Failed => "failed",
        /// The render before crashed.
        Crashed => "crashed",
        /// The render before took too long.
        TimedOut => "timed_out",
        /// The worker before died, or its lease passed, and its finished file lies where nobody can get it.
        WorkerLost => "worker_lost",
        /// The finished file has vanished from the spool or no longer has its hash.
        SpoolLost => "spool_lost",
    }
}

label_values! {
    /// How a job was taken up again after its worker was gone.
    Rescue {
        /// The reconciler found its lease passed.
        Lease => "lease",
        /// The reconciler found its deadline passed.
        Deadline => "deadline",
        /// A worker found the finished file in its own spool and went on from there.
        Adopted => "adopted",
    }
}

label_values! {
    /// How one attempt at an upload ended.
    UploadOutcome {
        /// Stored and verified.
        Stored => "stored",
        /// The same object was there already.
        Adopted => "adopted",
        /// It failed in a way that may pass.
        Failed => "failed",
        /// Storage refuses the worker: rights, bucket or clock.
        Refused => "refused",
    }
}

label_values! {
    /// How one attempt at a webhook ended.
    WebhookOutcome {
        /// Taken.
        Delivered => "delivered",
        /// Not taken; it will be tried again.
        Again => "again",
        /// Not taken, and no tries are left.
        GivenUp => "given_up",
        /// The receiver wants no more.
        Gone => "gone",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct() {
        let words: Vec<&str> = Rerender::ALL.iter().map(|case| case.as_str()).collect();
        let distinct: std::collections::BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(distinct.len(), words.len());
        assert_eq!(Rescue::ALL.len(), 3);
        assert_eq!(UploadOutcome::ALL.len(), 4);
        assert_eq!(WebhookOutcome::ALL.len(), 4);
    }
}

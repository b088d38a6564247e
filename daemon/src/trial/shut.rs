//! What a trial may still ask of the system once it has its order and its messages: memory, threads of its own, the time, and to
//! say what it found. It changes when the standard library, or the C library below it, needs another call for that.
//!
//! Whatever takes over a parser must then be content with the message it came with: nothing can be opened, written, started,
//! reached or traced, and no memory becomes code (reliability.md P18). A call that is not here answers «no such call», as an older
//! system would: a library that tries a newer way first then takes the older one.

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Compare, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};
use std::collections::BTreeMap;

/// Calls that may have any arguments: none of them names a file, an address or another process.
const FREE: [libc::c_long; 23] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    libc::SYS_clock_nanosleep,
];

/// Shuts this process in, for good, with all its threads.
///
/// # Errors
/// The system has no such filters, or does not let this process have one.
pub(super) fn shut() -> Result<(), Error> {
    apply_filter_all_threads(&program()?)
}

/// The filter, as the kernel reads it.
fn program() -> Result<BpfProgram, Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = FREE.into_iter().map(|call| (call, Vec::new())).collect();
    // Its answer, and a panic's words, which go nowhere.
    rules.insert(libc::SYS_write, vec![when(0, Compare::Eq, 1)?, when(0, Compare::Eq, 2)?]);
    // No memory that can be executed.
    let data_only = || when(2, Compare::MaskedEq(bits(libc::PROT_EXEC)), 0);
    rules.insert(libc::SYS_mmap, vec![data_only()?]);
    rules.insert(libc::SYS_mprotect, vec![data_only()?]);
    // Threads of this process; no other process. (`clone3`, whose flags no filter can see, is not there: libraries then use this.)
    let thread = bits(libc::CLONE_THREAD | libc::CLONE_VM);
    rules.insert(libc::SYS_clone, vec![when(0, Compare::MaskedEq(thread), thread)?]);
    // Its own end, by a signal (abort).
    rules.insert(libc::SYS_tgkill, vec![when(0, Compare::Eq, u64::from(std::process::id()))?]);
    let no_such_call = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, no_such_call, SeccompAction::Allow, machine)?.try_into()?)
}

fn when(argument: u8, compare: Compare, value: u64) -> Result<SeccompRule, Error> {
    Ok(SeccompRule::new(vec![SeccompCondition::new(argument, Length::Dword, compare, value)?])?)
}

fn bits(flags: libc::c_int) -> u64 {
    u64::from(flags.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seccompiler::apply_filter;
    use std::collections::HashMap;
    use std::io::ErrorKind;
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::{fs, thread};

    /// On one thread of this process: the others go on as they are.
    #[test]
    fn who_is_shut_in_can_reckon_and_reach_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (there, new) = (dir.path().join("c'è"), dir.path().join("nuovo"));
        fs::write(&there, "x").unwrap();
        let shut_in = thread::spawn(move || {
            apply_filter(&program().unwrap()).unwrap();
            let is_no_such_call = |why: std::io::Error| why.kind() == ErrorKind::Unsupported;
            let refused = [
                ("read", fs::read(&there).map(drop)),
                ("write", fs::write(&new, "x")),
                ("remove", fs::remove_file(&there)),
                ("rename", fs::rename(&there, &new)),
                ("list", fs::read_dir("/").map(drop)),
                ("look", fs::metadata(&there).map(drop)),
                ("listen", TcpListener::bind("127.0.0.1:0").map(drop)),
                ("send", UdpSocket::bind("127.0.0.1:0").map(drop)),
                ("local", UnixStream::pair().map(drop)),
                ("start", Command::new("/bin/true").status().map(drop)),
            ];
            for (what, outcome) in refused {
                assert!(outcome.is_err_and(is_no_such_call), "{what}");
            }
            // And what an examination needs is there: memory large and small, chance, threads, time, the end of a panic.
            let mut many = HashMap::new();
            many.insert(vec![0u8; 8 << 20].len(), std::time::Instant::now());
            let sum = thread::scope(|scope| {
                let parts: Vec<_> = (0..4u64).map(|n| scope.spawn(move || (0..n).sum::<u64>())).collect();
                parts.into_iter().map(|part| part.join().unwrap()).sum::<u64>()
            });
            assert_eq!((many.len(), sum), (1, 4));
            assert!(thread::spawn(|| panic!("caught")).join().is_err());
        });
        shut_in.join().unwrap();
        assert_eq!(fs::read(dir.path().join("c'è")).unwrap(), b"x");
    }
}

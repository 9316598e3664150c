//! Work on several threads, with results in the order of the items.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::scope;

/// How many items per thread are under way or done and not yet taken: enough that one slow item holds up nobody.
const AHEAD: usize = 8;

/// Applies `work` to every item on `threads` threads, and hands the results to `sink` in the order of the items. No more
/// than a few items a thread are taken ahead of the slowest.
///
/// # Errors
/// The first of `sink`; what is under way is finished and dropped.
pub fn ordered_map<T: Send, R: Send>(
    mut items: impl Iterator<Item = T>,
    threads: usize,
    work: impl Fn(T) -> R + Sync,
    mut sink: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (jobs, queue) = channel::<(T, SyncSender<R>)>();
    let queue = Mutex::new(queue);
    scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work_off(&queue, &work))).collect();
        let mut pending: VecDeque<Receiver<R>> = VecDeque::new();
        let outcome = loop {
            while pending.len() < threads * AHEAD {
                let Some(item) = items.next() else { break };
                let (result, later) = sync_channel(1);
                // The queue lives as long as this scope.
                let _ = jobs.send((item, result));
                pending.push_back(later);
            }
            // A worker that panicked has dropped its sender; the panic goes on below.
            match pending.pop_front().map(|later| later.recv()) {
                Some(Ok(result)) => {
                    if let Err(error) = sink(result) {
                        break Err(error);
                    }
                }
                Some(Err(_)) | None => break Ok(()),
            }
        };
        drop((jobs, pending));
        workers
            .into_iter()
            .try_for_each(std::thread::ScopedJoinHandle::join)
            .unwrap_or_else(|panic| resume_unwind(panic));
        outcome
    })
}

/// Works until nothing comes any more.
fn work_off<T, R>(queue: &Mutex<Receiver<(T, SyncSender<R>)>>, work: &impl Fn(T) -> R) {
    loop {
        let next = queue.lock().map(|queue| queue.recv());
        let Ok(Ok((item, result))) = next else { return };
        // Nobody waits for it where the work was broken off.
        let _ = result.send(work(item));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_though_some_take_longer() {
        let mut results = Vec::new();
        let slow = |number: u64| {
            std::thread::sleep(Duration::from_micros(if number.is_multiple_of(7) { 2000 } else { 10 }));
            number * 2
        };
        ordered_map(0..500, 4, slow, |result| {
            results.push(result);
            Ok(())
        })
        .unwrap();
        assert_eq!(results, (0..500).map(|number| number * 2).collect::<Vec<_>>());
    }

    #[test]
    fn a_slow_first_item_does_not_let_the_others_pile_up() {
        let taken = AtomicUsize::new(0);
        let items = (0..1000).inspect(|_| {
            taken.fetch_add(1, Ordering::Relaxed);
        });
        let slow_first = |number| std::thread::sleep(Duration::from_millis(if number == 0 { 100 } else { 0 }));
        let mut first = true;
        ordered_map(items, 2, slow_first, |()| {
            if std::mem::take(&mut first) {
                assert!(taken.load(Ordering::Relaxed) <= 2 * AHEAD);
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(taken.into_inner(), 1000);
    }

    #[test]
    fn an_error_of_the_sink_ends_the_work() {
        let error = ordered_map(
            0..,
            2,
            |number: u64| number,
            |number| {
                anyhow::ensure!(number < 10, "the disk is full");
                Ok(())
            },
        );
        assert_eq!(error.unwrap_err().to_string(), "the disk is full");
    }

    #[test]
    #[should_panic(expected = "a fault in the work")]
    fn a_panic_of_the_work_is_not_swallowed() {
        let _ = ordered_map(0..10, 2, |number| assert!(number < 5, "a fault in the work"), |()| Ok(()));
    }
}

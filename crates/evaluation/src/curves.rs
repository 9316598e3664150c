//! How a training run went, as charts and a table of a page.

use maud::{Markup, html};
use pages::chart::{Axis, Chart, Mark, Series, Stroke};
use training::EpochLog;

/// Loss, accuracy and learning rate over the epochs, and the epochs as a table.
#[must_use]
pub fn section(epochs: &[EpochLog]) -> Markup {
    let loss = [curve("validation", epochs, |epoch| epoch.validation_loss), training(epochs, |epoch| epoch.train_loss)];
    let accuracy = [
        curve("validation", epochs, |epoch| epoch.validation_accuracy),
        training(epochs, |epoch| epoch.train_accuracy),
    ];
    let rate = [curve("at the epoch's end", epochs, |epoch| epoch.learning_rate)];
    html! {
        section id="training" {
            h2 { "Training" }
            div.charts {
                (chart("Loss", "mean loss", loss, epochs, 0.0))
                (chart("Accuracy", "part that is right", accuracy, epochs, lowest_accuracy(epochs)))
                (chart("Learning rate", "learning rate", rate, epochs, 0.0))
            }
            (table(epochs))
        }
    }
}

fn chart<const N: usize>(
    title: &str,
    label: &'static str,
    series: [Series; N],
    epochs: &[EpochLog],
    from: f64,
) -> Markup {
    let values = series.iter().flat_map(|series| &series.points).map(|point| point.1);
    let to = values.fold(f64::MIN, f64::max);
    let last = epochs.len() as f64;
    let ends: Vec<String> = series
        .iter()
        .filter_map(|series| Some(format!("{} {:.3} after the last epoch", series.name, series.points.last()?.1)))
        .collect();
    Chart {
        title: title.to_owned(),
        description: ends.join(", "),
        x: Axis { label: "epoch", from: 0.5, to: last + 0.5, step: 1.0 },
        y: Axis { label, from, to: if to > from { from + (to - from) * 1.05 } else { from + 1.0 }, step: 0.0 },
        series: series.into(),
        marks: stages(epochs),
    }
    .figure()
}

fn curve(name: &str, epochs: &[EpochLog], value: fn(&EpochLog) -> f64) -> Series {
    let points = epochs.iter().map(|epoch| (epoch.epoch as f64, value(epoch))).collect();
    Series { name: name.to_owned(), color: "var(--series-1)".to_owned(), stroke: Stroke::Line, points }
}

/// Dropout and augmentation make it worse than what the network can do on the same slices.
fn training(epochs: &[EpochLog], value: fn(&EpochLog) -> f64) -> Series {
    let quiet = curve("training, augmented", epochs, value);
    Series { color: "var(--series-0)".to_owned(), stroke: Stroke::Dashed, ..quiet }
}

fn lowest_accuracy(epochs: &[EpochLog]) -> f64 {
    let values = epochs.iter().flat_map(|epoch| [epoch.train_accuracy, epoch.validation_accuracy]);
    (values.fold(1.0, f64::min) * 10.0 - 0.2).floor().max(0.0) / 10.0
}

/// The beginnings of the stages.
fn stages(epochs: &[EpochLog]) -> Vec<Mark> {
    let mark = |stage: &[EpochLog]| Mark { at: stage[0].epoch as f64 - 0.5, label: stage[0].stage.clone() };
    epochs.chunk_by(|a, b| a.stage == b.stage).map(mark).collect()
}

fn table(epochs: &[EpochLog]) -> Markup {
    let heads = ["training loss", "accuracy", "validation loss", "accuracy", "macro-F1", "learning rate", "seconds"];
    html! {
        details {
            summary { "Epochs in numbers" }
            div.scroll {
                table {
                    thead {
                        tr {
                            th.number scope="col" { "epoch" }
                            th scope="col" { "stage" }
                            @for head in heads { th.number scope="col" { (head) } }
                        }
                    }
                    tbody {
                        @for epoch in epochs {
                            tr {
                                th.number scope="row" { (epoch.epoch) }
                                td { (epoch.stage) }
                                td.number { (format!("{:.4}", epoch.train_loss)) }
                                td.number { (format!("{:.4}", epoch.train_accuracy)) }
                                td.number { (format!("{:.4}", epoch.validation_loss)) }
                                td.number { (format!("{:.4}", epoch.validation_accuracy)) }
                                td.number { (format!("{:.4}", epoch.validation.f1)) }
                                td.number { (format!("{:.2e}", epoch.learning_rate)) }
                                td.number { (format!("{:.0}", epoch.seconds)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

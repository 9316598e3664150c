//! Xception: "Deep Learning with Depthwise Separable Convolutions", Chollet, CVPR 2017, figure 5.
//!
//! 36 convolutions in 14 modules; 20,861,480 parameters without head, as in Keras Applications.

use std::ops::Range;

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor};

use crate::Form;
use crate::layers::{ConvNorm, ConvNormConfig, Separable, pool, rectify};
use crate::named::NamedSlot;
use crate::network::{Observer, Shown};

/// Output channels of the shortcut modules 2, 3, 4 and, after the middle flow, 13.
const ENTRY: [usize; 3] = [128, 256, 728];
/// Channels of the middle flow.
const MIDDLE: usize = 728;
/// Modules of the middle flow, 5 to 12.
const MIDDLE_MODULES: usize = 8;
/// Pooled features.
pub(crate) const FEATURES: usize = 2048;
/// Blocks in Keras's numbering.
pub(crate) const BLOCKS: usize = 14;

/// A residual module: separable convolutions beside the identity, or beside a strided 1x1 convolution.
#[derive(Module, Debug)]
struct Residual {
    convolutions: Vec<Separable>,
    shortcut: Option<ConvNorm>,
    pool: MaxPool2d,
    /// Module 2 has no ReLU before its first convolution: its input has just come out of one.
    rectified_input: bool,
}

impl Residual {
    /// Modules 2, 3, 4 and 13: halves height and width.
    fn strided(input: usize, middle: usize, output: usize, form: Form, device: &Device) -> Self {
        let shortcut =
            ConvNormConfig { channels: [input, output], kernel: 1, stride: 2, padding: PaddingConfig2d::Valid };
        Self {
            convolutions: vec![
                Separable::new([input, middle], form, device),
                Separable::new([middle, output], form, device),
            ],
            shortcut: Some(shortcut.init(form, device)),
            pool: strided_pool(),
            rectified_input: false,
        }
    }

    /// Modules 5 to 12: the size stays.
    fn identity(form: Form, device: &Device) -> Self {
        Self {
            convolutions: (0..3).map(|_| Separable::new([MIDDLE, MIDDLE], form, device)).collect(),
            shortcut: None,
            pool: strided_pool(),
            rectified_input: false,
        }
    }

    fn with_rectified_input(mut self) -> Self {
        self.rectified_input = true;
        self
    }

    /// `module` is its number in Keras's names.
    fn forward(&self, input: Tensor<4>, module: usize, observe: &mut Observer<'_>) -> Tensor<4> {
        let residual = match &self.shortcut {
            Some(shortcut) => shortcut.forward(input.clone(), &format!("conv2d{}", shortcut_suffix(module)), observe),
            None => input.clone(),
        };
        let mut main = input;
        for (index, convolution) in self.convolutions.iter().enumerate() {
            if index > 0 || !self.rectified_input {
                main = rectify(main);
            }
            main = convolution.forward(main, &separable(module, index), observe);
        }
        if self.shortcut.is_some() {
            main = pool(&self.pool, main);
        }
        main + residual
    }

    fn slots(&mut self, module: usize) -> Vec<NamedSlot<'_>> {
        let mut slots = Vec::new();
        for (index, convolution) in self.convolutions.iter_mut().enumerate() {
            slots.extend(convolution.slots(&separable(module, index)));
        }
        if let Some(shortcut) = &mut self.shortcut {
            let suffix = shortcut_suffix(module);
            slots.extend(shortcut.slots(&format!("conv2d{suffix}"), &format!("batch_normalization{suffix}")));
        }
        slots
    }
}

/// Keras's name of a module's separable convolution, `index` from 0.
fn separable(module: usize, index: usize) -> String {
    format!("block{module}_sepconv{}", index + 1)
}

/// The modules with a convolution beside them, and what Keras numbers it with.
pub(crate) const SHORTCUTS: [(usize, &str); 4] = [(2, ""), (3, "_1"), (4, "_2"), (13, "_3")];

fn shortcut_suffix(module: usize) -> &'static str {
    SHORTCUTS.into_iter().find(|(other, _)| *other == module).map_or("", |(_, suffix)| suffix)
}

/// Keras's name of a stem convolution, `index` from 0.
fn stem(index: usize) -> String {
    format!("block1_conv{}", index + 1)
}

fn strided_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(PaddingConfig2d::Same).init()
}

/// The trunk of Xception: everything before the pooled features.
#[derive(Module, Debug)]
pub struct Xception {
    stem: Vec<ConvNorm>,
    /// Modules 2 to 13.
    modules: Vec<Residual>,
    /// Module 14.
    exit: Vec<Separable>,
}

impl Xception {
    /// Random weights; `channels` is 3 for the ImageNet form, 1 once folded to grey.
    #[must_use]
    pub fn new(channels: usize, form: Form, device: &Device) -> Self {
        let stem_layer = |channels, stride| {
            ConvNormConfig { channels, kernel: 3, stride, padding: PaddingConfig2d::Valid }.init(form, device)
        };
        let [first, second, third] = ENTRY;
        let mut modules = vec![
            Residual::strided(64, first, first, form, device).with_rectified_input(),
            Residual::strided(first, second, second, form, device),
            Residual::strided(second, third, third, form, device),
        ];
        modules.extend((0..MIDDLE_MODULES).map(|_| Residual::identity(form, device)));
        modules.push(Residual::strided(MIDDLE, MIDDLE, 1024, form, device));
        Self {
            stem: vec![stem_layer([channels, 32], 2), stem_layer([32, 64], 1)],
            modules,
            exit: vec![Separable::new([1024, 1536], form, device), Separable::new([1536, FEATURES], form, device)],
        }
    }

    /// What blocks `blocks` (1 to 14) make of the output of the block before; of images `[batch, channels, height, width]`
    /// in [-1, 1], all blocks make features `[batch, 2048, height / 32, width / 32]`.
    ///
    /// `observe` sees the output of every stage, and what every kernel is applied to.
    pub(crate) fn forward(&self, input: Tensor<4>, blocks: Range<usize>, observe: &mut Observer<'_>) -> Tensor<4> {
        let mut features = input;
        if blocks.contains(&1) {
            for (index, convolution) in self.stem.iter().enumerate() {
                let layer = stem(index);
                features = rectify(convolution.forward(features, &layer, observe));
                observe(&format!("{layer}_act"), Shown::Stage(&features));
            }
        }
        for (number, module) in (2..).zip(&self.modules).filter(|(number, _)| blocks.contains(number)) {
            features = module.forward(features, number, observe);
            observe(&format!("block{number}_out"), Shown::Stage(&features));
        }
        if blocks.contains(&BLOCKS) {
            for (index, convolution) in self.exit.iter().enumerate() {
                let layer = separable(BLOCKS, index);
                features = rectify(convolution.forward(features, &layer, observe));
                observe(&format!("{layer}_act"), Shown::Stage(&features));
            }
        }
        features
    }

    /// Switches off training of everything before module `first`, batch statistics included.
    #[must_use]
    pub fn freeze_before(mut self, first: usize) -> Self {
        if first > 1 {
            self.stem = self.stem.into_iter().map(Module::freeze).collect();
        }
        let frozen = first.saturating_sub(2);
        self.modules = self
            .modules
            .into_iter()
            .enumerate()
            .map(|(index, module)| if index < frozen { module.freeze() } else { module })
            .collect();
        if first > BLOCKS {
            self.exit = self.exit.into_iter().map(Module::freeze).collect();
        }
        self
    }

    pub(crate) fn slots(&mut self) -> Vec<NamedSlot<'_>> {
        let mut slots = Vec::new();
        for (index, convolution) in self.stem.iter_mut().enumerate() {
            let layer = stem(index);
            slots.extend(convolution.slots(&layer, &format!("{layer}_bn")));
        }
        for (index, module) in self.modules.iter_mut().enumerate() {
            slots.extend(module.slots(index + 2));
        }
        for (index, convolution) in self.exit.iter_mut().enumerate() {
            slots.extend(convolution.slots(&separable(BLOCKS, index)));
        }
        slots
    }
}

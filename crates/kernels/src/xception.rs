//! Xception: "Deep Learning with Depthwise Separable Convolutions", Chollet, CVPR 2017, figure 5.

use crate::KernelError;
use crate::features::Features;
use crate::layer::{Separable, convolution};
use crate::network::{Observer, Stage, Workspace};
use crate::pool::{MaxPool, pool};
use crate::product::{Finish, Scratch, Weights, multiply};
use crate::source::Source;
use crate::tensors::Tensors;

const RELU: Finish = Finish { add: false, relu: true };
const ADD: Finish = Finish { add: true, relu: false };
const PLAIN: Finish = Finish { add: false, relu: false };

/// Number, channels and the shortcut's layer of the modules that halve height and width.
const ENTRY: [(usize, [usize; 3], &str); 3] =
    [(2, [64, 128, 128], "conv2d"), (3, [128, 256, 256], "conv2d_1"), (4, [256, 728, 728], "conv2d_2")];
const EXIT: (usize, [usize; 3], &str) = (13, [728, 728, 1024], "conv2d_3");
/// Channels of modules 5 to 12.
const MIDDLE: usize = 728;

/// The packed trunk.
#[derive(Debug)]
pub(crate) struct Xception {
    stem: [Weights; 2],
    modules: Vec<Module>,
    exit: [Separable; 2],
}

/// A residual module: separable convolutions beside the identity, or beside a strided 1x1 convolution.
#[derive(Debug)]
struct Module {
    /// The name of its output.
    stage: String,
    /// Module 2 has no ReLU before its first convolution: its input has just come out of one.
    rectified_input: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Strided { convolutions: [Separable; 2], shortcut: Weights },
    Identity([Separable; 3]),
}

impl Xception {
    pub(crate) fn take<T>(tensors: &mut Tensors<T>) -> Result<Self, KernelError> {
        let stem =
            [convolution(tensors, "block1_conv1", [1, 32], 3)?, convolution(tensors, "block1_conv2", [32, 64], 3)?];
        let mut modules = Vec::new();
        for entry in ENTRY {
            modules.push(Module::strided(tensors, entry)?);
        }
        for number in 5..=12 {
            modules.push(Module::identity(tensors, number)?);
        }
        modules.push(Module::strided(tensors, EXIT)?);
        let exit = [
            Separable::take(tensors, "block14_sepconv1", [1024, 1536])?,
            Separable::take(tensors, "block14_sepconv2", [1536, 2048])?,
        ];
        Ok(Self { stem, modules, exit })
    }

    /// The activations of the last stage.
    pub(crate) fn run<'a>(
        &self,
        image: &[f32],
        side: usize,
        workspace: &'a mut Workspace,
        observe: &mut Observer<'_>,
    ) -> &'a Features {
        let Workspace { features: [input, output, first, second], scratch } = workspace;
        self.run_stem(image, side, [output, input], scratch, observe);
        for module in &self.modules {
            match &module.kind {
                Kind::Strided { convolutions, shortcut } => {
                    let convolved = [&mut *first, &mut *second];
                    strided(convolutions, shortcut, module.rectified_input, input, output, convolved, scratch);
                    std::mem::swap(input, output);
                }
                Kind::Identity(convolutions) => identity(convolutions, input, [first, second], scratch),
            }
            observe(&module.stage, Stage(input));
        }
        let [narrow, wide] = &self.exit;
        narrow.run(input, true, first, RELU, scratch);
        observe("block14_sepconv1_act", Stage(first));
        wide.run(first, true, second, RELU, scratch);
        observe("block14_sepconv2_act", Stage(second));
        second
    }

    fn run_stem(
        &self,
        image: &[f32],
        side: usize,
        [first, second]: [&mut Features; 2],
        scratch: &mut Scratch,
        observe: &mut Observer<'_>,
    ) {
        let side_of_first = (side - 1) / 2;
        first.reshape(self.stem[0].outputs(), side_of_first, side_of_first);
        multiply(Source::Grey { image, side, stride: 2, padded: false }, &self.stem[0], first, RELU, scratch);
        observe("block1_conv1_act", Stage(first));
        second.reshape(self.stem[1].outputs(), side_of_first - 2, side_of_first - 2);
        multiply(Source::Windows { features: first, padded: false }, &self.stem[1], second, RELU, scratch);
        observe("block1_conv2_act", Stage(second));
    }
}

impl Module {
    fn strided<T>(
        tensors: &mut Tensors<T>,
        (number, [input, middle, output], shortcut): (usize, [usize; 3], &str),
    ) -> Result<Self, KernelError> {
        let convolutions = [
            Separable::take(tensors, &format!("block{number}_sepconv1"), [input, middle])?,
            Separable::take(tensors, &format!("block{number}_sepconv2"), [middle, output])?,
        ];
        let shortcut = convolution(tensors, shortcut, [input, output], 1)?;
        let kind = Kind::Strided { convolutions, shortcut };
        Ok(Self { stage: format!("block{number}_out"), rectified_input: number == 2, kind })
    }

    fn identity<T>(tensors: &mut Tensors<T>, number: usize) -> Result<Self, KernelError> {
        let mut take = |index| Separable::take(tensors, &format!("block{number}_sepconv{index}"), [MIDDLE; 2]);
        let kind = Kind::Identity([take(1)?, take(2)?, take(3)?]);
        Ok(Self { stage: format!("block{number}_out"), rectified_input: false, kind })
    }
}

/// The convolutions' maxima, and the shortcut added to them.
fn strided(
    [one, two]: &[Separable; 2],
    shortcut: &Weights,
    rectified: bool,
    input: &Features,
    output: &mut Features,
    [first, second]: [&mut Features; 2],
    scratch: &mut Scratch,
) {
    one.run(input, rectified, first, RELU, scratch);
    two.run(first, true, second, PLAIN, scratch);
    pool(MaxPool::Same3, second, output);
    multiply(Source::Pixels { features: input, stride: 2 }, shortcut, output, ADD, scratch);
}

/// Three convolutions, added to what they were applied to.
fn identity(
    [one, two, three]: &[Separable; 3],
    features: &mut Features,
    [first, second]: [&mut Features; 2],
    scratch: &mut Scratch,
) {
    one.run(features, false, first, RELU, scratch);
    two.run(first, true, second, RELU, scratch);
    three.run(second, true, features, ADD, scratch);
}

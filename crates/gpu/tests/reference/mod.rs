//! The two networks once more, written for being plainly right: one loop a dimension, sums in f64, channels first.

use std::collections::BTreeMap;

use weights::{Architecture, Tensor};

pub type Tensors = BTreeMap<String, Tensor>;

/// `[channels, height, width]`.
#[derive(Debug, Clone)]
pub struct Features {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    pub values: Vec<f32>,
}

impl Features {
    fn zeros(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width, values: vec![0.0; channels * height * width] }
    }

    /// Zero outside.
    fn at(&self, channel: usize, y: isize, x: isize) -> f32 {
        let inside = y >= 0 && x >= 0 && y < self.height as isize && x < self.width as isize;
        if inside { self.values[(channel * self.height + y as usize) * self.width + x as usize] } else { 0.0 }
    }

    fn relu(mut self) -> Self {
        self.values.iter_mut().for_each(|value| *value = value.max(0.0));
        self
    }

    fn plus(mut self, other: &Self) -> Self {
        self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value += other);
        self
    }

    pub fn averages(&self) -> Vec<f32> {
        let area = self.height * self.width;
        let mean = |channel: &[f32]| channel.iter().map(|&value| f64::from(value)).sum::<f64>() / area as f64;
        self.values.chunks(area).map(|channel| mean(channel) as f32).collect()
    }
}

/// A network's weights, drawn as He et al. (2015) do so that no stage vanishes or explodes, and the stages they make.
pub struct Reference {
    pub tensors: Tensors,
    pub stages: Vec<(String, Features)>,
    seed: u64,
}

impl Reference {
    pub fn of(architecture: Architecture, image: &[f32], size: usize) -> Self {
        let mut reference = Self { tensors: Tensors::new(), stages: Vec::new(), seed: 7 };
        let input = Features { channels: 1, height: size, width: size, values: image.to_vec() };
        let output = match architecture {
            Architecture::Xception => reference.xception(input),
            Architecture::Vgg16 => reference.vgg16(input),
        };
        let head = reference.draw("predictions.kernel", vec![4, output.channels], output.channels);
        assert_eq!(head.len(), 4 * output.channels);
        reference.draw("predictions.bias", vec![4], 1);
        reference
    }

    /// SplitMix64, -1 to 1.
    fn random(&mut self) -> f32 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }

    /// The tensor's values; drawn at the first call.
    fn draw(&mut self, name: &str, shape: Vec<usize>, fan_in: usize) -> Vec<f32> {
        if !self.tensors.contains_key(name) {
            let scale = (6.0 / fan_in as f32).sqrt() * if name.ends_with("bias") { 0.05 } else { 1.0 };
            let values = (0..shape.iter().product()).map(|_| self.random() * scale).collect();
            self.tensors.insert(name.to_owned(), Tensor::float(shape, values));
        }
        self.tensors[name].to_f32()
    }

    fn convolve(
        &mut self,
        layer: &str,
        input: &Features,
        channels: usize,
        [kernel, stride, padding]: [usize; 3],
    ) -> Features {
        let fan_in = input.channels * kernel * kernel;
        let weights = self.draw(&format!("{layer}.kernel"), vec![channels, input.channels, kernel, kernel], fan_in);
        let bias = self.draw(&format!("{layer}.bias"), vec![channels], 1);
        product(input, &weights, &bias, [kernel, stride, padding])
    }

    fn separable(&mut self, layer: &str, input: &Features, channels: usize) -> Features {
        let name = format!("{layer}.depthwise_kernel");
        let weights = self.draw(&name, vec![input.channels, 1, 3, 3], 18);
        let mut spatial = Features::zeros(input.channels, input.height, input.width);
        for channel in 0..input.channels {
            let plane = Features {
                channels: 1,
                height: input.height,
                width: input.width,
                values: (0..input.height * input.width)
                    .map(|pixel| input.values[channel * input.height * input.width + pixel])
                    .collect(),
            };
            let one = product(&plane, &weights[channel * 9..][..9], &[0.0], [3, 1, 1]);
            spatial.values[channel * one.values.len()..][..one.values.len()].copy_from_slice(&one.values);
        }
        let name = format!("{layer}.pointwise_kernel");
        let weights = self.draw(&name, vec![channels, input.channels], input.channels);
        let bias = self.draw(&format!("{layer}.bias"), vec![channels], 1);
        product(&spatial, &weights, &bias, [1, 1, 0])
    }

    fn stage(&mut self, name: &str, features: &Features) {
        self.stages.push((name.to_owned(), features.clone()));
    }

    fn xception(&mut self, input: Features) -> Features {
        let mut x = self.convolve("block1_conv1", &input, 32, [3, 2, 0]).relu();
        self.stage("block1_conv1_act", &x);
        x = self.convolve("block1_conv2", &x, 64, [3, 1, 0]).relu();
        self.stage("block1_conv2_act", &x);
        for block in 2..=13 {
            let halving = match block {
                2 => Some(("conv2d", 128, 128)),
                3 => Some(("conv2d_1", 256, 256)),
                4 => Some(("conv2d_2", 728, 728)),
                13 => Some(("conv2d_3", 728, 1024)),
                _ => None,
            };
            let mut main = if block == 2 { x.clone() } else { x.clone().relu() };
            if let Some((shortcut, middle, output)) = halving {
                let beside = self.convolve(shortcut, &x, output, [1, 2, 0]);
                main = self.separable(&format!("block{block}_sepconv1"), &main, middle).relu();
                main = self.separable(&format!("block{block}_sepconv2"), &main, output);
                x = largest(&main, 3).plus(&beside);
            } else {
                main = self.separable(&format!("block{block}_sepconv1"), &main, 728).relu();
                main = self.separable(&format!("block{block}_sepconv2"), &main, 728).relu();
                main = self.separable(&format!("block{block}_sepconv3"), &main, 728);
                x = main.plus(&x);
            }
            self.stage(&format!("block{block}_out"), &x);
        }
        for (index, channels) in [(1, 1536), (2, 2048)] {
            x = self.separable(&format!("block14_sepconv{index}"), &x, channels).relu();
            self.stage(&format!("block14_sepconv{index}_act"), &x);
        }
        x
    }

    fn vgg16(&mut self, input: Features) -> Features {
        let mut x = input;
        for (block, (count, channels)) in (1..).zip([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]) {
            for index in 1..=count {
                x = self.convolve(&format!("block{block}_conv{index}"), &x, channels, [3, 1, 1]).relu();
            }
            x = largest(&x, 2);
            self.stage(&format!("block{block}_pool"), &x);
        }
        x
    }
}

/// A convolution; `weights` is `[outputs, inputs, kernel, kernel]`.
fn product(input: &Features, weights: &[f32], bias: &[f32], [kernel, stride, padding]: [usize; 3]) -> Features {
    let shrunk = |length: usize| (length + 2 * padding - kernel) / stride + 1;
    let mut output = Features::zeros(bias.len(), shrunk(input.height), shrunk(input.width));
    let (height, width) = (output.height, output.width);
    for (position, value) in output.values.iter_mut().enumerate() {
        let (channel, y, x) = (position / (height * width), position / width % height, position % width);
        let mut sum = f64::from(bias[channel]);
        for from in 0..input.channels {
            for (place, weight) in
                weights[(channel * input.channels + from) * kernel * kernel..][..kernel * kernel].iter().enumerate()
            {
                let row = (y * stride + place / kernel) as isize - padding as isize;
                let column = (x * stride + place % kernel) as isize - padding as isize;
                sum += f64::from(*weight) * f64::from(input.at(from, row, column));
            }
        }
        *value = sum as f32;
    }
    output
}

/// The largest of windows two pixels apart; a 3x3 window as Keras's "same" pads it, with the odd row at the end.
fn largest(input: &Features, window: usize) -> Features {
    let halved = |length: usize| if window == 3 { length.div_ceil(2) } else { length / 2 };
    let before = |length: usize| if window == 3 { (length % 2) as isize } else { 0 };
    let mut output = Features::zeros(input.channels, halved(input.height), halved(input.width));
    let (height, width) = (output.height, output.width);
    for (position, value) in output.values.iter_mut().enumerate() {
        let (channel, y, x) = (position / (height * width), position / width % height, position % width);
        *value = f32::MIN;
        for place in 0..window * window {
            let row = (y * 2 + place / window) as isize - before(input.height);
            let column = (x * 2 + place % window) as isize - before(input.width);
            if row >= 0 && column >= 0 && row < input.height as isize && column < input.width as isize {
                *value = value.max(input.at(channel, row, column));
            }
        }
    }
    output
}

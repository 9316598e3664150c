//! The words and numbers that flags take, and what they stand for.

use anyhow::bail;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use classifier::Engine;
use dataset::SplitProtocol;
use export::ExportFormat;
use training::{Component, DeviceName, Precision};

/// One of `values` by its name, for the help and for what is told where another word is given.
fn one_of<T, const N: usize>(
    values: [T; N],
    name: fn(T) -> &'static str,
    help: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let possible = values.map(|value| PossibleValue::new(name(value)).help(help(value)));
    let named = move |typed: String| values.into_iter().find(|&value| name(value) == typed).ok_or("it is none of them");
    PossibleValuesParser::new(possible).try_map(named)
}

/// The rules by which slices are held out.
pub fn split_protocol() -> impl TypedValueParser<Value = SplitProtocol> {
    one_of(SplitProtocol::ALL, SplitProtocol::name, |protocol| match protocol {
        SplitProtocol::Official => "The published Testing part",
        SplitProtocol::Random => "The share held out at random by the model's recipe",
        SplitProtocol::Grouped => "The share held out by patient and copy by the model's recipe",
        SplitProtocol::LeaveSourceOut => "As grouped; the recipe's protocol for networks that have not seen a source",
    })
}

/// The devices that a network runs on.
pub fn device() -> impl TypedValueParser<Value = DeviceName> {
    one_of(DeviceName::ALL, DeviceName::name, |device| match device {
        DeviceName::Cpu => "Every machine has it",
        DeviceName::Wgpu => "Vulkan, Metal or Direct3D 12",
        DeviceName::Cuda => "NVIDIA; needs a build with `--features cuda`",
    })
}

/// The kinds of files that an export writes.
pub fn format() -> impl TypedValueParser<Value = ExportFormat> {
    one_of(ExportFormat::ALL, ExportFormat::name, |format| match format {
        ExportFormat::Int8 => {
            "The weights file of the page and of `sulcus classify`: normalisation folded, int8 kernels"
        }
        ExportFormat::Onnx => "ONNX with f32 kernels, normalisation folded",
        ExportFormat::OnnxInt8 => "ONNX with the int8 kernels of the weights file",
        ExportFormat::Safetensors => "The f32 network as it was trained, in the names and layout of Keras Applications",
    })
}

/// How exactly a network computes while it is trained.
pub fn precision() -> impl TypedValueParser<Value = Precision> {
    one_of(Precision::ALL, Precision::name, |precision| match precision {
        Precision::F32 => "32-bit floats; every device has them",
        Precision::Bf16 => "Activations and their gradients in bfloat16, weights and sums in 32-bit floats; CUDA only",
    })
}

/// What a recipe can be made without.
pub fn component() -> impl TypedValueParser<Value = Component> {
    one_of(Component::ALL, Component::name, |component| match component {
        Component::Average => "The moving average of the weights",
        Component::Mixup => "Mixtures of slices",
        Component::LabelSmoothing => "Targets that are a little unsure",
        Component::Dropout => "Pooled features left out by chance",
        Component::Draw => "Classes drawn by weight",
        Component::ClassWeights => "Classes weighed in the loss",
        Component::Cosine => "A learning rate that falls along a cosine",
        Component::WarmUp => "A learning rate that rises at the start",
        Component::Clip => "Shorter steps where the gradient is long",
        Component::LayerDecay => "Learning rates that fall from block to block",
        Component::WeightDecay => "Decay of the weights",
        Component::Unique => "One slice of every group of copies",
        Component::Geometry => "Mirroring, shift, rotation and scale",
        Component::Tones => "Brightness, contrast, gamma, bias field and tone curve",
        Component::Degradation => "Noise, blur and recompression",
        Component::Strip => "Skulls taken off",
        Component::Augmentation => "All random changes of slices",
        Component::Transplant => "Tumours put in and taken out",
        Component::Crop => "The crop to the head",
        Component::Harmonise => "Intensities scaled by percentiles",
    })
}

/// The engine of a device to classify on.
///
/// # Errors
/// The classifier has no such engine.
pub fn engine(device: DeviceName) -> anyhow::Result<Engine> {
    match device {
        DeviceName::Cpu => Ok(Engine::Cpu),
        DeviceName::Wgpu => Ok(Engine::WebGpu),
        DeviceName::Cuda => bail!("scans are classified on the CPU or by WebGPU; accepted are cpu and wgpu"),
    }
}

/// A temperature as it is typed.
pub fn temperature(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("\"{text}\" is no number"))?;
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err("accepted are numbers above 0".to_owned()) }
}

/// A share as it is typed.
pub fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("\"{text}\" is no number"))?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("accepted are 0 to 1".to_owned()) }
}

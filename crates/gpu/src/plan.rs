//! A network as a list of kernels and the buffers between them.

/// A convolution's window, and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Height and width of the kernel.
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// Rows and columns of zeros around the input.
    pub(crate) padding: usize,
    /// Whether negative outputs become 0.
    pub(crate) rectify: bool,
}

/// Height, width and channels of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Extent {
    /// Values of one image.
    pub(crate) fn values(self) -> usize {
        self.height * self.width * self.channels
    }
}

/// The number of a buffer that holds features; steps hand it on and write it again.
pub(crate) type Slot = usize;

/// What a step launches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// The first convolution; its input is the images.
    Grey(Filter),
    Convolution(Filter),
    Depthwise {
        rectify: bool,
    },
    /// The largest of a window of this size, at a stride of 2.
    Pool {
        window: usize,
    },
}

/// One launch.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The tensor of its weights by Keras's name; a pool is named for its block.
    pub(crate) name: String,
    pub(crate) kernel: Kernel,
    pub(crate) from: Extent,
    pub(crate) to: Extent,
    pub(crate) input: Slot,
    /// Added to the output.
    pub(crate) residual: Option<Slot>,
    pub(crate) output: Slot,
    /// The stage that the output is, by Keras's name.
    pub(crate) stage: Option<String>,
}

impl Step {
    /// Multiplications for one image; comparisons, for a pool.
    pub(crate) fn work(&self) -> usize {
        let inputs = match self.kernel {
            Kernel::Convolution(filter) => filter.kernel * filter.kernel * self.from.channels,
            Kernel::Grey(_) | Kernel::Depthwise { .. } => 9,
            Kernel::Pool { window } => window * window,
        };
        self.to.values() * inputs
    }

    /// The layer that the bias belongs to: the tensor's name without its last part.
    pub(crate) fn layer(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(layer, _)| layer)
    }
}

/// Steps for images of one size.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// Values of each buffer, for one image.
    pub(crate) slots: Vec<usize>,
}

/// Lays down a plan step by step; the features of the last step are those that the next one reads.
pub(crate) struct Planner {
    plan: Plan,
    slot: Slot,
    extent: Extent,
    held: Option<Slot>,
}

/// What follows a separable convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Plain,
    Rectified,
    /// These features are added.
    Plus(Slot),
}

impl Planner {
    /// Begins with grey images of `size` pixels each way.
    pub(crate) fn new(size: usize) -> Self {
        let extent = Extent { height: size, width: size, channels: 1 };
        Self { plan: Plan { steps: Vec::new(), slots: Vec::new() }, slot: 0, extent, held: None }
    }

    /// What the last step wrote.
    pub(crate) fn features(&self) -> (Slot, Extent) {
        (self.slot, self.extent)
    }

    /// Goes back to features of an earlier step.
    pub(crate) fn resume(&mut self, (slot, extent): (Slot, Extent)) {
        (self.slot, self.extent) = (slot, extent);
    }

    /// Keeps a buffer from being written until another one is held.
    pub(crate) fn hold(&mut self, slot: Option<Slot>) {
        self.held = slot;
    }

    /// A convolution; the first one is that of the images.
    pub(crate) fn convolve(&mut self, layer: &str, channels: usize, filter: Filter) {
        let kernel = if self.plan.steps.is_empty() { Kernel::Grey(filter) } else { Kernel::Convolution(filter) };
        let shrunk = |length: usize| (length + 2 * filter.padding - filter.kernel) / filter.stride + 1;
        let to = Extent { height: shrunk(self.extent.height), width: shrunk(self.extent.width), channels };
        self.push(format!("{layer}.kernel"), kernel, to, None);
    }

    /// A separable convolution: ReLU before it where `rectify` says so, `filter` for its 1x1 part.
    pub(crate) fn separable(&mut self, layer: &str, channels: usize, rectify: bool, end: End) {
        self.push(format!("{layer}.depthwise_kernel"), Kernel::Depthwise { rectify }, self.extent, None);
        let filter = Filter { kernel: 1, stride: 1, padding: 0, rectify: matches!(end, End::Rectified) };
        let residual = if let End::Plus(slot) = end { Some(slot) } else { None };
        let to = Extent { channels, ..self.extent };
        self.push(format!("{layer}.pointwise_kernel"), Kernel::Convolution(filter), to, residual);
    }

    /// The largest of windows two pixels apart, which a 3x3 window pads as Keras's "same" does.
    pub(crate) fn pool(&mut self, name: &str, window: usize, residual: Option<Slot>) {
        let halved = |length: usize| if window == 3 { length.div_ceil(2) } else { length / 2 };
        let to = Extent {
            height: halved(self.extent.height),
            width: halved(self.extent.width),
            channels: self.extent.channels,
        };
        self.push(name.to_owned(), Kernel::Pool { window }, to, residual);
    }

    /// Names the output of the last step as a stage.
    pub(crate) fn stage(&mut self, name: &str) {
        if let Some(step) = self.plan.steps.last_mut() {
            step.stage = Some(name.to_owned());
        }
    }

    /// The plan, with buffers large enough for all that they hold in turn.
    pub(crate) fn finish(mut self) -> Plan {
        for step in &self.plan.steps {
            let slots = &mut self.plan.slots;
            slots.resize(slots.len().max(step.output + 1), 0);
            slots[step.output] = slots[step.output].max(step.to.values());
        }
        self.plan
    }

    fn push(&mut self, name: String, kernel: Kernel, to: Extent, residual: Option<Slot>) {
        let (input, from) = (self.slot, self.extent);
        let taken = [Some(input), residual, self.held];
        let output = (0..taken.len()).find(|slot| !taken.contains(&Some(*slot))).unwrap_or(taken.len());
        self.plan.steps.push(Step { name, kernel, from, to, input, residual, output, stage: None });
        (self.slot, self.extent) = (output, to);
    }
}

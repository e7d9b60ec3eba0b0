//! [`MapLayout`]: how a variable lies in memory as a feature map with its channels last.

use super::simd::pixels::Pixels;
use super::storage::{Item, Storage};
use crate::functions::RUN;
use core::ops::Range;
use fewbit_core::Shape;

/// The most spatial axes of a feature map.
pub(super) const SPATIAL: usize = 3;

/// Which axes of a variable are which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axes {
    /// The first axis that is not of the batch: the channels, or the first spatial axis when these come last.
    base: usize,
    channel_last: bool,
}

impl Axes {
    /// The axes of a variable of `rank` axes; `None` if there are too few or too many.
    pub fn new(base: usize, channel_last: bool, rank: usize) -> Option<Self> {
        let spatial = rank.checked_sub(base + 1)?;
        // Without spatial axes the channels are first and last.
        (spatial <= SPATIAL).then_some(Self { base, channel_last: channel_last && spatial > 0 })
    }

    /// The axis of the channels.
    pub fn channel(self, rank: usize) -> usize {
        if self.channel_last { rank - 1 } else { self.base }
    }

    /// The first axis that is not of the batch.
    pub fn base(self) -> usize {
        self.base
    }

    /// The spatial axes.
    pub fn spatial(self, rank: usize) -> Range<usize> {
        if self.channel_last { self.base..rank - 1 } else { self.base + 1..rank }
    }

    /// Whether the channels come after the spatial axes.
    pub fn channel_last(self) -> bool {
        self.channel_last
    }
}

/// Pixels around a map, before and after each spatial axis: a convolution's padding is stored with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Frame(pub [[usize; 2]; SPATIAL]);

impl Frame {
    /// The least frame that contains both.
    pub fn join(self, other: Self) -> Self {
        Self(core::array::from_fn(|axis| core::array::from_fn(|side| self.0[axis][side].max(other.0[axis][side]))))
    }
}

/// A feature map: images of up to three spatial axes, a pixel a run of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MapLayout {
    /// Images: the extents before the base axis, multiplied.
    pub images: usize,
    /// Depth, height and width; 1 for axes that the variable does not have.
    pub extents: [usize; SPATIAL],
    /// Channels.
    pub channels: usize,
    /// What is stored around each image: zeros.
    pub frame: Frame,
    /// What a value is in memory. Steps, places and lengths count items of the arena: floats or bytes.
    pub storage: Storage,
    /// Whether NNabla's order has the channels last too.
    channel_last: bool,
}

impl MapLayout {
    /// The layout of a variable of this shape; `None` if it would be absurdly larger than the variable.
    pub fn new(shape: Shape, axes: Axes, frame: Frame, storage: Storage) -> Option<Self> {
        /// Frames may make small maps many times as large, but not large ones.
        const MOST_GROWTH: usize = 16;
        const SMALL: usize = 1 << 20;
        let spatial = &shape[axes.spatial(shape.rank())];
        let missing = SPATIAL - spatial.len();
        let layout = Self {
            images: shape[..axes.base].iter().product(),
            extents: core::array::from_fn(|axis| axis.checked_sub(missing).map_or(1, |axis| spatial[axis])),
            channels: shape[axes.channel(shape.rank())],
            frame,
            storage,
            channel_last: axes.channel_last,
        };
        let framed =
            layout.framed_extents().into_iter().try_fold(layout.images, |len, extent| len.checked_mul(extent?));
        let framed = framed.and_then(|pixels| pixels.checked_mul(layout.pixel_len()))?;
        (framed <= SMALL || framed / MOST_GROWTH <= shape.items()).then_some(layout)
    }

    /// A map without a frame whose pixels have other extents, channels or values.
    pub fn resized(self, extents: [usize; SPATIAL], channels: usize, storage: Storage) -> Self {
        Self { extents, channels, storage, frame: Frame::default(), ..self }
    }

    /// Items of a pixel.
    pub fn pixel_len(&self) -> usize {
        self.channels * self.storage.width()
    }

    fn framed_extents(&self) -> [Option<usize>; SPATIAL] {
        core::array::from_fn(|axis| {
            let [before, after] = self.frame.0[axis];
            self.extents[axis].checked_add(before)?.checked_add(after)
        })
    }

    /// Pixels along an axis, those of the frame included.
    fn framed(&self, axis: usize) -> usize {
        self.extents[axis] + self.frame.0[axis][0] + self.frame.0[axis][1]
    }

    /// Items from a pixel to the next along each spatial axis.
    pub fn steps(&self) -> [usize; SPATIAL] {
        let row = self.framed(2) * self.pixel_len();
        [self.framed(1) * row, row, self.pixel_len()]
    }

    /// Items from an image to the next.
    pub fn image_step(&self) -> usize {
        self.framed(0) * self.steps()[0]
    }

    /// Where an image begins. A layout of one image holds each image of a batch in turn.
    pub fn image_start(&self, image: usize) -> usize {
        if self.images == 1 { 0 } else { image * self.image_step() }
    }

    /// Items in all.
    pub fn len(&self) -> usize {
        self.images * self.image_step()
    }

    /// Whether pixels of an image follow one another without a frame between them.
    pub fn is_dense(&self) -> bool {
        self.frame == Frame::default()
    }

    /// Where a pixel begins.
    pub fn at(&self, image: usize, pixel: [usize; SPATIAL]) -> usize {
        let steps = self.steps();
        let inside: usize = (0..SPATIAL).map(|axis| (pixel[axis] + self.frame.0[axis][0]) * steps[axis]).sum();
        self.image_start(image) + inside
    }

    /// The pixels of a plane.
    pub fn plane(&self, image: usize, depth: usize) -> Pixels {
        let [_, row_step, pixel_step] = self.steps();
        Pixels { first: self.at(image, [depth, 0, 0]), row_step, pixel_step }
    }

    /// Sets the frame of an image to zero.
    pub fn clear_frame<T: Item>(&self, map: &mut [T], image: usize) {
        if self.is_dense() {
            return;
        }
        let zero = T::zero(self.storage);
        let [plane_step, row_step, pixel_step] = self.steps();
        let [depth, height, _] = self.extents;
        let [[front, _], [above, _], [left, right]] = self.frame.0;
        let all = |len: usize, step: usize, before: usize, inner: usize| (before * step, len - (before + inner) * step);
        let image = &mut map[self.image_start(image)..][..self.image_step()];
        let (start, rest) = all(image.len(), plane_step, front, depth);
        fill_ends(image, zero, start, rest);
        for plane in image.chunks_exact_mut(plane_step.max(1)).skip(front).take(depth) {
            let (start, rest) = all(plane.len(), row_step, above, height);
            fill_ends(plane, zero, start, rest);
            for row in plane.chunks_exact_mut(row_step.max(1)).skip(above).take(height) {
                fill_ends(row, zero, left * pixel_step, right * pixel_step);
            }
        }
    }

    /// Calls `run` with each run of values that is consecutive in NNabla's order: the place of the first value there, the
    /// place in the map, and how many there are; in the map they are [`MapLayout::run_step`] apart.
    fn for_each_run(&self, mut run: impl FnMut(usize, usize, usize)) {
        let [depth, height, width] = self.extents;
        let (channels, len) = if self.channel_last { (1, width * self.channels) } else { (self.channels, width) };
        let mut start = 0;
        for image in 0..self.images {
            for channel in 0..channels {
                for z in 0..depth {
                    for y in 0..height {
                        let row = self.at(image, [z, y, 0]) + channel * self.storage.width();
                        for done in (0..len).step_by(RUN) {
                            run(start + done, row + done * self.run_step(), RUN.min(len - done));
                        }
                        start += len;
                    }
                }
            }
        }
    }

    fn run_step(&self) -> usize {
        if self.channel_last { self.storage.width() } else { self.pixel_len() }
    }

    /// Fills the map from values in NNabla's order, of which `read` gives the items of consecutive ones from a place on.
    pub fn gather<T: Item>(&self, map: &mut [T], mut read: impl FnMut(usize, &mut [T])) {
        (0..self.images).for_each(|image| self.clear_frame(map, image));
        let width = self.storage.width();
        let mut buffer = [T::default(); 2 * RUN];
        self.for_each_run(|start, first, len| {
            let buffer = &mut buffer[..len * width];
            read(start, buffer);
            for (place, value) in map[first..].chunks_mut(self.run_step()).zip(buffer.chunks_exact(width)) {
                place[..width].copy_from_slice(value);
            }
        });
    }

    /// Hands the items of the map's values to `write` in NNabla's order, consecutive ones from a place on.
    pub fn scatter<T: Item>(&self, map: &[T], mut write: impl FnMut(usize, &[T])) {
        let width = self.storage.width();
        let mut buffer = [T::default(); 2 * RUN];
        self.for_each_run(|start, first, len| {
            let buffer = &mut buffer[..len * width];
            for (value, place) in buffer.chunks_exact_mut(width).zip(map[first..].chunks(self.run_step())) {
                value.copy_from_slice(&place[..width]);
            }
            write(start, buffer);
        });
    }

    /// [`MapLayout::gather`] for a map of integers, of which `read` gives them as they are.
    pub fn gather_integers(&self, map: &mut [u8], mut read: impl FnMut(usize, &mut [i32])) {
        let mut integers = [0; RUN];
        self.gather(map, |start, items| {
            let integers = &mut integers[..items.len() / self.storage.width()];
            read(start, integers);
            self.storage.encode(integers, items);
        });
    }

    /// [`MapLayout::scatter`] for a map of integers, of which `write` is given them as they are.
    pub fn scatter_integers(&self, map: &[u8], mut write: impl FnMut(usize, &[i32])) {
        let mut integers = [0; RUN];
        self.scatter(map, |start, items| {
            let integers = &mut integers[..items.len() / self.storage.width()];
            self.storage.decode(items, integers);
            write(start, integers);
        });
    }
}

/// Fills the first `start` and the last `end` items.
fn fill_ends<T: Copy>(items: &mut [T], zero: T, start: usize, end: usize) {
    let len = items.len();
    items[..start].fill(zero);
    items[len - end..].fill(zero);
}

"""What chapters 08 and 22 need to count memory. Not part of the package; chapter 23 exports a meter for operations."""
import weakref

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class MemoryMeter(TorchDispatchMode):
    """Sees each operation of torch, and so the birth of each tensor; a weak reference tells its death.

    `alive` are the bytes of each memory that was made inside, `peak` is the most of them at once."""

    def __init__(
        self,
        known=(),           # tensors from before: their memory does not count
        large=float("inf"), # bytes from which on a memory counts in `most`, the most large ones alive at once
    ):
        super().__init__()
        self.large, self.alive, self.peak, self.most = large, {}, 0, 0
        for tensor in known:
            tensor.untyped_storage().number = None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return out

    def _note(self, storage):
        if hasattr(storage, "number"):          # a view of memory that we know
            return
        storage.number = object()
        self.alive[storage.number] = storage.nbytes()
        weakref.finalize(storage, self.alive.pop, storage.number)
        self.peak = max(self.peak, sum(self.alive.values()))
        self.most = max(self.most, sum(size >= self.large for size in self.alive.values()))

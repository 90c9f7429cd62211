"""Discrete Fourier transforms."""

SAMPLES = """
torch.fft.fft(x) | torch.fft.fft(b, 3, 0) | torch.fft.fft(torch.complex(x, y), norm='ortho') | torch.fft.ifft(x, 5)
torch.fft.rfft(x) | torch.fft.rfft(b, 2, 1, 'forward') | torch.fft.ihfft(x) | torch.fft.irfft(x) | torch.fft.irfft(b, 7, 0)
torch.fft.irfft(torch.complex(x, y), 1) | torch.fft.hfft(torch.complex(x, y)) | torch.fft.hfft(b, 4, 1, 'backward')
torch.fft.fft2(b) | torch.fft.ifft2(x, (3, 2)) | torch.fft.rfft2(b, norm='ortho') | torch.fft.irfft2(x, (2, 3))
torch.fft.fftn(b, (2, -1)) | torch.fft.ifftn(b, dim=(2, 0)) | torch.fft.rfftn(b, dim=(1,)) | torch.fft.irfftn(b, (3, 2, 5))
torch.fft.hfftn(b, dim=(0, 2)) | torch.fft.ihfftn(b) | torch.fft.hfft2(x) | torch.fft.ihfft2(b, (2, 2)) | torch.fft.fft(i)
torch.fft.fftshift(x) | torch.fft.ifftshift(b, (0, 2)) | torch.fft.fftfreq(5, 0.5) | torch.fft.rfftfreq(4)
"""

MISTAKES = """
torch.fft.fft(x, 0) | torch.fft.fft(x, dim=2) | torch.fft.fft(x, norm='mean') | torch.fft.fft(s) | torch.fft.fft(2)
torch.fft.fft(x, 1.5) | torch.fft.rfft(torch.complex(x, y)) | torch.fft.ihfftn(torch.complex(x, y))
torch.fft.fftn(x, (1, 1, 1))
torch.fft.fftn(x, (2,), (0, 1)) | torch.fft.fftn(x, dim=(1, 1)) | torch.fft.rfftn(x, dim=()) | torch.fft.irfftn(x, dim=())
torch.fft.fft(x.half()) | torch.fft.irfft(x[:, :1]) | torch.fft.fftfreq(-1) | torch.fft.fftfreq(3, dtype=torch.int64)
torch.fft.fftshift(x, ()) | torch.fft.fft(x, out=2)
"""

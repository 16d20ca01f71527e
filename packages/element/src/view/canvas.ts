/** Shows a picture. @returns it as a PNG. */
export async function drawPicture(canvas: HTMLCanvasElement, image: ImageData): Promise<Blob> {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob) return blob;
  throw new Error('The browser could not write the picture as a PNG.');
}

export function clearCanvas(canvas: HTMLCanvasElement | null | undefined): void {
  if (!canvas) return;
  canvas.width = 0;
  canvas.height = 0;
}

/* Landmarks in C: photo MODEL.onnx PHOTO.ppm WIDTH HEIGHT
 *
 *   ln -s FOLDER/libonnxruntime.so.1.* libonnxruntime.so.1
 *   cc photo.c -o photo ./libonnxruntime.so.1 -Wl,-rpath,$PWD
 *
 * MODEL.onnx is a file of `python -m export.pipeline --colour rgb` for photos of that size. The
 * library comes with the Python package, in onnxruntime/capi, and with the npm package
 * onnxruntime-node, in bin. */
#include <stdio.h>
#include <stdlib.h>

#include "onnxruntime_few.h"

static const OrtApi *ort;

static void check(OrtStatus *status) {
  if (status) {
    fprintf(stderr, "%s\n", ort->GetErrorMessage(status));
    exit(1);
  }
}

/* PPM: "P6 width height 255", then red, green, blue. */
static unsigned char *read_photo(const char *path, int *width, int *height) {
  FILE *file = fopen(path, "rb");
  if (!file || fscanf(file, "P6 %d %d 255", width, height) != 2 || fgetc(file) == EOF) {
    fprintf(stderr, "%s: expected a binary PPM\n", path);
    exit(1);
  }
  size_t bytes = (size_t)*width * *height * 3;
  unsigned char *pixels = (unsigned char *)malloc(bytes);
  if (!pixels || fread(pixels, 1, bytes, file) != bytes) {
    fprintf(stderr, "%s: ends too early\n", path);
    exit(1);
  }
  fclose(file);
  return pixels;
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: photo MODEL.onnx PHOTO.ppm WIDTH HEIGHT\n");
    return 2;
  }
  int width = atoi(arguments[3]), height = atoi(arguments[4]), w, h;
  unsigned char *photo = read_photo(arguments[2], &w, &h);

  /* Photo pixels in a pixel of the model's frame; what the photo does not fill stays black. */
  double rate = (double)w / width > (double)h / height ? (double)w / width : (double)h / height;
  unsigned char *image = (unsigned char *)calloc((size_t)width * height, 3);
  for (int y = 0; y < (int)(h / rate); y++)
    for (int x = 0; x < (int)(w / rate); x++)
      for (int c = 0; c < 3; c++)
        image[3 * (y * width + x) + c] =
            photo[3 * ((int)((y + 0.5) * rate) * w + (int)((x + 0.5) * rate)) + c];

  ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  OrtEnv *env;
  OrtSessionOptions *options;
  OrtSession *session;
  OrtMemoryInfo *memory;
  OrtValue *input, *results[4] = {0};
  check(ort->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "photo", &env));
  check(ort->CreateSessionOptions(&options));
  check(ort->CreateSession(env, arguments[1], options, &session));
  check(ort->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &memory));
  int64_t shape[] = {height, width, 3};
  check(ort->CreateTensorWithDataAsOrtValue(memory, image, (size_t)width * height * 3, shape, 3,
                                            ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, &input));
  const char *inputs[] = {"image"};
  const char *outputs[] = {"landmarks", "radii_90", "confidence", "count"};
  const OrtValue *values[] = {input};
  check(ort->Run(session, NULL, inputs, values, 1, outputs, 4, results));

  float *landmarks, *radii, *confidence;
  int32_t *faces;
  check(ort->GetTensorMutableData(results[0], (void **)&landmarks));
  check(ort->GetTensorMutableData(results[1], (void **)&radii));
  check(ort->GetTensorMutableData(results[2], (void **)&confidence));
  check(ort->GetTensorMutableData(results[3], (void **)&faces));
  for (int face = 0; face < *faces; face++) {
    int nose = 68 * face + 30;
    double x = (landmarks[2 * nose] + 0.5) * rate - 0.5;
    double y = (landmarks[2 * nose + 1] + 0.5) * rate - 0.5;
    printf("nose %.2f %.2f radius %.2f confidence %.3f\n", x, y, radii[nose] * rate,
           confidence[face]);
  }
  return 0;
}

/* The few functions of onnxruntime's C interface that photo.c calls, by their places in its table,
 * which never change: later versions add at the end. With the header of a release of onnxruntime,
 * include <onnxruntime_c_api.h> instead; the names are the same. */
#ifndef ONNXRUNTIME_FEW_H
#define ONNXRUNTIME_FEW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ORT_API_VERSION 17 /* of onnxruntime 1.17 and later */

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtValue OrtValue;
typedef void OrtUnused(void);
typedef enum { ORT_LOGGING_LEVEL_WARNING = 2 } OrtLoggingLevel;
typedef enum { ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 = 2 } ONNXTensorElementDataType;
typedef enum { OrtDeviceAllocator = 0 } OrtAllocatorType;
typedef enum { OrtMemTypeDefault = 0 } OrtMemType;

typedef struct OrtApi {
  OrtUnused *unused0[2];
  const char *(*GetErrorMessage)(const OrtStatus *status); /* 2 */
  OrtStatus *(*CreateEnv)(OrtLoggingLevel level, const char *name, OrtEnv **out);
  OrtUnused *unused4[3];
  OrtStatus *(*CreateSession)(const OrtEnv *env, const char *path, /* 7; wchar_t on Windows */
                              const OrtSessionOptions *options, OrtSession **out);
  OrtUnused *unused8[1];
  OrtStatus *(*Run)(OrtSession *session, const OrtRunOptions *options, const char *const *inputs,
                    const OrtValue *const *values, size_t count, const char *const *outputs,
                    size_t output_count, OrtValue **results); /* 9 */
  OrtStatus *(*CreateSessionOptions)(OrtSessionOptions **out);
  OrtUnused *unused11[38];
  OrtStatus *(*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo *info, void *data, size_t bytes,
                                               const int64_t *shape, size_t axes,
                                               ONNXTensorElementDataType type,
                                               OrtValue **out); /* 49 */
  OrtUnused *unused50[1];
  OrtStatus *(*GetTensorMutableData)(OrtValue *value, void **out); /* 51 */
  OrtUnused *unused52[17];
  OrtStatus *(*CreateCpuMemoryInfo)(OrtAllocatorType allocator, OrtMemType type,
                                    OrtMemoryInfo **out); /* 69 */
} OrtApi;

typedef struct OrtApiBase {
  const OrtApi *(*GetApi)(uint32_t version);
  const char *(*GetVersionString)(void);
} OrtApiBase;

const OrtApiBase *OrtGetApiBase(void);

#ifdef __cplusplus
}
#endif

#endif
